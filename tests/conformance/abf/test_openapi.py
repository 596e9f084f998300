"""docs/api/openapi.yaml by the rules of OpenAPI 3.1 and JSON Schema 2020-12, and against the table
of routes."""

import re

import jsonschema
import pytest

from conformance.abf import openapi
from fixtures.hub import ROOT

# What an object of OpenAPI 3.1 may have, as far as this file uses it.
KEYS = {
    "document": {"openapi", "info", "servers", "tags", "security", "paths", "components"},
    "operation": {"operationId", "tags", "summary", "description", "security", "parameters",
                  "requestBody", "responses"},
    "item": {"parameters", *openapi.METHODS},
    "parameter": {"name", "in", "required", "description", "schema", "example"},
    "response": {"description", "headers", "content"},
    "header": {"description", "required", "schema"},
    "body": {"description", "required", "content"},
    "media": {"schema", "example", "encoding"},
}
# The words of JSON Schema that it uses; a misspelt one would check nothing.
WORDS = {"type", "const", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength",
         "maxItems", "minProperties", "items", "properties", "required", "additionalProperties",
         "unevaluatedProperties", "allOf", "oneOf", "description", "examples", "default", "$ref"}
ROUTES = ROOT / "cgi/abf/routes.c"
ROW = re.compile(r'^\t\{ (GET|PUT|POST|PATCH|DELETE),\s*"([^"]+)",\s*(PERM_\w+),\s*(LOAD_\w+),'
                 r"\s*(\w+),", re.MULTILINE)


def every(node, at=()):
    """(path, value) of all values in the document."""
    yield at, node
    items = node.items() if isinstance(node, dict) else \
        enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from every(value, at + (key,))


def schemas():
    """(place, schema) of all schemas, also of those within schemas."""
    def within(at, schema):
        yield at, schema
        for word in ("properties",):
            for name, inner in schema.get(word, {}).items():
                yield from within(at + (word, name), inner)
        for word in ("items",):
            if isinstance(schema.get(word), dict):
                yield from within(at + (word,), schema[word])
        for word in ("allOf", "oneOf"):
            for i, inner in enumerate(schema.get(word, [])):
                yield from within(at + (word, i), inner)
    doc = openapi.document()
    for name, schema in doc["components"]["schemas"].items():
        yield from within(("schemas", name), schema)
    for at, node in every(doc):
        if at and at[-1] == "schema" and "properties" not in at:
            yield from within(at, node)


def fits(kind, node):
    extra = {k for k in node if not k.startswith("x-")} - KEYS[kind]
    assert not extra, "%s has %s" % (kind, extra)


def test_every_reference_leads_somewhere_and_every_component_is_used():
    used = set()
    for at, node in every(openapi.document()):
        if isinstance(node, dict) and "$ref" in node:
            assert openapi.resolve(node), at
            used.add(node["$ref"])
    for kind, parts in openapi.document()["components"].items():
        if kind != "securitySchemes":
            assert {"#/components/%s/%s" % (kind, name) for name in parts} <= used
    assert all(ref.startswith("#/components/") for ref in used)


def test_the_document_has_what_OpenAPI_3_1_asks_for():
    doc = openapi.document()
    fits("document", doc)
    assert doc["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(doc["info"])
    assert all(path.startswith("/") for path in doc["paths"])
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in doc["paths"]]
    assert len(shapes) == len(set(shapes))
    schemes = set(doc["components"]["securitySchemes"])
    for at, node in every(doc):
        if at and at[-1] == "security":
            assert all(set(one) <= schemes for one in node)
    assert len({t["name"] for t in doc["tags"]}) == len(doc["tags"])


@pytest.mark.parametrize("operation", openapi.operations().values(), ids=str)
def test_an_operation_declares_its_parameters_and_describes_its_answers(operation):
    doc, node = openapi.document(), operation.node
    fits("item", doc["paths"][operation.path])
    fits("operation", node)
    assert node["summary"] and not node["summary"].endswith(".")
    assert set(node["tags"]) <= {t["name"] for t in doc["tags"]}
    for p in operation.parameters:
        fits("parameter", p)
        assert p["in"] in ("path", "query") and p["schema"]
        assert p.get("required", False) is True or p["in"] != "path"
    in_path = [p["name"] for p in operation.parameters if p["in"] == "path"]
    assert in_path == re.findall(r"\{(\w+)\}", operation.path)
    keys = [(p["in"], p["name"]) for p in operation.parameters]
    assert len(keys) == len(set(keys))
    assert "200" in operation.responses
    for status, response in operation.responses.items():
        fits("response", response)
        assert re.fullmatch("[2-5][0-9][0-9]", status) and response["description"]
        for header in map(openapi.resolve, response.get("headers", {}).values()):
            fits("header", header)
            assert header["schema"]
        for media in response.get("content", {}).values():
            fits("media", media)
            assert media["schema"]
    if "requestBody" in node:
        body = openapi.resolve(node["requestBody"])
        fits("body", body)
        assert set(body["content"]) == {"application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data"}


def test_every_schema_is_one_of_JSON_Schema_2020_12():
    n = 0
    for at, schema in schemas():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert set(schema) <= WORDS, (at, set(schema) - WORDS)
        if "pattern" in schema:
            re.compile(schema["pattern"])
        for name in schema.get("required", []):
            assert name in schema.get("properties", {}) or "allOf" in schema, (at, name)
        n += 1
    assert n > 300


def test_every_example_is_what_its_schema_says():
    n = 0
    for at, node in every(openapi.document()):
        if at and at[-1] in openapi.document()["components"]["schemas"] and "examples" in node:
            for example in node["examples"]:
                assert not openapi.wrong(node, example), at
                n += 1
        if isinstance(node, dict) and "schema" in node and "example" in node:
            assert not openapi.wrong(node["schema"], node["example"]), at
            n += 1
    assert n > 60


# ---------------------------------------------------------------- against the routes

def rows():
    """{(method, path): (permission, what is loaded, who answers)} of the route table."""
    text = ROUTES.read_text()
    out = {(m, re.sub(r":\w+", ":id", p)): rest for m, p, *rest in ROW.findall(text)}
    assert len(out) == len(re.findall(r"^\t\{ [A-Z]+,", text, re.MULTILINE)), "a row looks different"
    return out


def told():
    return {(o.method, re.sub(r":\w+", ":id", openapi.bare(o.path))): o
            for o in openapi.operations().values()}


def test_the_document_and_the_routes_are_the_same():
    assert set(rows()) - set(told()) == set(), "these are not in the document"
    assert set(told()) - set(rows()) == set(), "these are no routes"


def test_every_operation_is_in_the_manual():
    text = (ROOT / "docs/api/abf.md").read_text()
    for one in openapi.operations().values():
        if one.method != "PATCH":
            words = "| `%s %s` |" % (one.method, openapi.bare(one.path).removeprefix("/api/v1"))
            assert words in text, words


def test_what_needs_an_account_says_so():
    for key, (perm, _, _) in rows().items():
        assert told()[key].is_open == (perm in ("PERM_PUBLIC", "PERM_READ")), (key, perm)
