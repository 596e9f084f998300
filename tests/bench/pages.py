"""The peers of the part "pages", all on one repository behind one nginx: cgit by fcgiwrap, without and
with its cache, gitweb as FastCGI, klaus by gunicorn; four processes each. And which address shows what.
"""
import os
import socket
import subprocess

PEERS = ("cgit", "cached", "gitweb", "klaus")
LABELS = {"cgit": "cgit through fcgiwrap, no cache", "cached": "cgit with its cache warm",
          "gitweb": "gitweb as FastCGI", "klaus": "klaus through gunicorn"}
# design.md, section 10
TARGETS = {"cgit": {"summary": 6, "tree": 25, "blob": 10, "log": 15, "commit": 8},
           "cached": 2, "gitweb": 50, "klaus": 30}


def target(peer, page):
    least = TARGETS[peer]
    return f">= {least[page] if isinstance(least, dict) else least}"


def addresses(commit):
    """page -> who -> address, below the place of each."""
    folder, blob = "src/d07", "src/long.c"
    at = f"id={commit}"
    return {
        "summary": {"ours": "", "cgit": "/", "gitweb": ";a=summary", "klaus": "/"},
        "tree": {"ours": f"/tree/main/{folder}", "cgit": f"/tree/{folder}", "gitweb": f";a=tree;f={folder};hb=main",
                 "klaus": f"/tree/main/{folder}"},
        "blob": {"ours": f"/blob/main/{blob}", "cgit": f"/tree/{blob}", "gitweb": f";a=blob;f={blob};hb=main",
                 "klaus": f"/blob/main/{blob}"},
        "log": {"ours": "/commits/main", "cgit": "/log/", "gitweb": ";a=shortlog", "klaus": "/tree/main/"},
        "commit": {"ours": f"/commit/{commit}", "cgit": f"/commit/?{at}", "gitweb": f";a=commitdiff;h={commit}",
                   "klaus": f"/commit/{commit}/"},
    }


class Pages:
    """port: where all of them are served. bench: run's, which starts and ends what is started here."""

    def __init__(self, bench, repo, name, port):
        self.bench, self.repo, self.name, self.port = bench, repo, name, port
        self.base = f"http://127.0.0.1:{port}"

    def url(self, who, page, commit):
        rest = addresses(commit)[page]["cgit" if who == "cached" else who]
        return self.base + {"ours": f"/{self.name}", "cgit": "/cgit/big", "cached": "/cached/big",
                            "gitweb": "/gitweb?p=" + os.path.basename(self.repo), "klaus": "/big"}[who] + rest

    def start(self):
        self.start_gitweb()
        self.start_klaus()
        self.write_cgit("cgit", "")
        self.write_cgit("cached", "cache-size=1000\n")
        with open(self.bench.path("pages.conf"), "w", encoding="utf-8") as f:
            f.write(self.nginx())
        self.bench.start(["/usr/sbin/nginx", "-c", self.bench.path("pages.conf"), "-p", self.bench.folder])

    def write_cgit(self, who, more):
        os.makedirs(self.bench.path(who + ".cache"), exist_ok=True)
        with open(self.bench.path(who + ".rc"), "w", encoding="utf-8") as f:
            f.write(f"virtual-root=/{who}/\ncache-root={self.bench.path(who + '.cache')}\n{more}"
                    f"max-commit-count=40\nrepo.url=big\nrepo.path={self.repo}\n")

    def start_gitweb(self):
        """A FastCGI program takes its listening socket as descriptor 0."""
        with open(self.bench.path("gitweb.conf"), "w", encoding="utf-8") as f:
            f.write(f'our $projectroot = "{os.path.dirname(self.repo)}";\n')
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.bench.path("gitweb.sock"))
            s.listen(1024)
            self.bench.start(["/usr/bin/perl", "/usr/share/gitweb/gitweb.cgi", "--fastcgi", "--nproc", "4"],
                             stdin=s, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start_klaus(self):
        link = self.bench.path("klaus/big")  # its name is that of the folder
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(self.repo, link)
        self.bench.start(["/usr/bin/gunicorn", "-w", "4", "-b", "unix:" + self.bench.path("klaus.sock"),
                          "klaus.contrib.wsgi"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         env={**os.environ, "KLAUS_REPOS": link, "KLAUS_SITE_NAME": "bench"})

    def nginx(self):
        def cgit(who):
            return f"""location /{who}/ {{ include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME /usr/lib/cgit/cgit.cgi; fastcgi_param CGIT_CONFIG {self.bench.path(who + '.rc')};
      fastcgi_split_path_info ^(/{who})(/.*)$; fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_pass unix:{self.bench.path('wrap.sock')}; }}"""
        buffers = "fastcgi_buffer_size 16k; fastcgi_buffers 64 16k; proxy_buffers 64 16k;"
        return f"""
user {'root' if os.geteuid() == 0 else 'nobody'};
worker_processes 1; daemon off; pid {self.bench.path('pages.pid')}; error_log {self.bench.path('pages.err')};
events {{ worker_connections 2048; }}
http {{ access_log off; client_body_temp_path {self.bench.path('b2')}; fastcgi_temp_path {self.bench.path('f2')};
  proxy_temp_path {self.bench.path('p2')}; uwsgi_temp_path {self.bench.path('u2')}; scgi_temp_path {self.bench.path('s2')};
  {buffers}
  server {{ listen 127.0.0.1:{self.port} backlog=1024;
    location /{self.name} {{ include /etc/nginx/fastcgi_params; fastcgi_param HTTP_ACCEPT text/html;
      fastcgi_pass unix:{self.bench.hub.var}/run/web.sock; }}
    {cgit('cgit')}
    {cgit('cached')}
    location /gitweb {{ include /etc/nginx/fastcgi_params; fastcgi_param GITWEB_CONFIG {self.bench.path('gitweb.conf')};
      fastcgi_pass unix:{self.bench.path('gitweb.sock')}; }}
    location / {{ proxy_pass http://unix:{self.bench.path('klaus.sock')}; }}
  }} }}
"""
