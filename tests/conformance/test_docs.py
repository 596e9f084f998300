"""docs/configuration.md against the table of settings, as `mirrorhub --help-config` prints it."""

import re
import subprocess

from fixtures.hub import ROOT, build_dir


def printed():
    """{key: (default, "from, to")}"""
    text = subprocess.run([ROOT / build_dir() / "mirrorhub", "--help-config"], check=True,
                          capture_output=True, text=True).stdout
    settings, limits = {}, ""
    for line in text.splitlines():
        found = re.match(r"# From (\d+) to (\d+)\.$", line)
        limits = ", ".join(found.groups()) if found else limits
        found = re.match(r"#([a-z_.]+) = (.*)$", line)
        if found:
            settings[found[1]], limits = (found[2], limits), ""
    return settings


def documented():
    rows = re.findall(r"^\| `([a-z_.]+)` \| (?:`(.*?)`)? ?\| ?(.*?) ?\| \S.*\|$",
                      (ROOT / "docs/configuration.md").read_text(), re.MULTILINE)
    return {key: (default, limits) for key, default, limits in rows}


def test_every_setting_is_documented_with_its_default_and_limits():
    assert documented() == printed()


def test_what_help_config_prints_is_a_settings_file(tmp_path):
    program = ROOT / build_dir() / "mirrorhub"
    text = subprocess.run([program, "--help-config"], check=True, capture_output=True,
                          text=True).stdout
    conf = tmp_path / "mirrorhub.conf"
    conf.write_text(re.sub(r"^#(?=[a-z_.]+ = )", "", text, flags=re.MULTILINE) +
                    "data.dir = %s/data\n" % tmp_path)
    subprocess.run([program, "--conf", conf, "setup-data"], check=True, capture_output=True)
    assert (tmp_path / "data" / "mirrorhub.instance").is_file()
