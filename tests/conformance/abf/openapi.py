"""docs/api/openapi.yaml as data: its operations, and whether an answer is what it says."""

import functools
import json
import re

import jsonschema
import yaml

from fixtures.hub import ROOT

FILE = ROOT / "docs/api/openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")


class _Strict(yaml.SafeLoader):
    """A key that is there twice is an error, not the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, "%s: twice the same key: %s" % (node.start_mark, twice)
        return super().construct_mapping(node, deep)


@functools.lru_cache(None)
def document():
    return yaml.load(FILE.read_text(), _Strict)


def resolve(node):
    """What a $ref means; what is none as it is. Other members beside a $ref are kept."""
    seen = 0
    while isinstance(node, dict) and "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
        seen += 1
        assert seen < 20, node
    return node


def bare(path):
    """The form of the route table: "/api/v1/projects/:id" of "/api/v1/projects/{id}.json"."""
    return re.sub(r"\{(\w+)\}", r":\1", path.removesuffix(".json"))


class Operation:
    def __init__(self, method, path, node, shared):
        self.method, self.path, self.node = method.upper(), path, node
        self.id, self.tag = node["operationId"], node["tags"][0]
        self.parameters = [resolve(p) for p in shared + node.get("parameters", [])]
        self.responses = {status: resolve(r) for status, r in node["responses"].items()}
        parts = [re.escape(p) if i % 2 == 0 else "([^/]+?)" for i, p in
                 enumerate(re.split(r"\{(\w+)\}", path.removesuffix(".json")))]
        self.pattern = re.compile("".join(parts) + r"(\.json)?/?")

    @property
    def is_open(self):
        """Whether it needs no account."""
        return {} in self.node.get("security", document()["security"])

    @property
    def is_write(self):
        return self.method != "GET"

    @functools.cached_property
    def body(self):
        """The schema of its JSON body, or None."""
        if "requestBody" not in self.node:
            return None
        return resolve(resolve(self.node["requestBody"])["content"]["application/json"]["schema"])

    @functools.cached_property
    def inputs(self):
        """(root or None, {field: schema}, required fields) of its body."""
        schema, root = self.body, None
        if schema is None:
            return None, {}, []
        if len(schema["properties"]) == 1:
            (name, inner), = schema["properties"].items()
            if inner.get("type") == "object":
                schema, root = inner, name
        return (root, {k: resolve(v) for k, v in schema["properties"].items()},
                schema.get("required", []))

    def example(self, status="200", kind="application/json"):
        return self.responses[status].get("content", {}).get(kind, {}).get("example")

    def __repr__(self):
        return "%s %s" % (self.method, self.path)


@functools.lru_cache(None)
def operations():
    """By operationId, in the order of the file."""
    out = {}
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                one = Operation(method, path, item[method], item.get("parameters", []))
                assert one.id not in out, one.id
                out[one.id] = one
    return out


def find(method, path):
    """The operation that a request is for, or None; constant paths before patterns."""
    path = path.partition("?")[0]
    method = "GET" if method == "HEAD" else method
    found = [o for o in operations().values() if o.method == method and o.pattern.fullmatch(path)]
    return min(found, key=lambda o: o.path.count("{"), default=None)


@functools.lru_cache(None)
def _validator(text):
    schema = json.loads(text)
    schema["components"] = document()["components"]
    return jsonschema.Draft202012Validator(schema)


def wrong(schema, value):
    """What is wrong with a value, as a text; "" when it is as the schema says."""
    errors = _validator(json.dumps(schema)).iter_errors(value)
    return "\n".join("%s: %s" % ("/".join(map(str, e.absolute_path)) or "the whole",
                                 e.message[:300]) for e in errors)
