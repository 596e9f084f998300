"""A client of /_admin/api on the standard library alone, which behaves like those of contract
section 6: kallithea-api (every value a text, a number as id, text/plain), ldap_sync.py (a UUID), the
.NET ones (a text as id, args null when there are none, explicit nulls, chunked bodies) and the
seed's curl line (no id at all)."""

import http.client
import json
import random
import urllib.parse
import uuid

PATH = "/_admin/api"


class Refused(Exception):
    """The error text of an answer."""


class Client:
    """One key at one hub. ids: "int", "text", "uuid" or None (profile S). texts: every value goes
    out as a text, as the command lines send it. The last answer stays in .answer."""

    def __init__(self, url, key, ids="int", texts=False, path=PATH, type="text/plain"):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.path = parts.hostname, parts.port, path
        self.key, self.ids, self.texts, self.type = key, ids, texts, type
        self.answer = self.status = self.headers = None

    # ---- as the programs do

    def __call__(self, method, /, **args):
        """The result of a call; Refused with its text."""
        answer = self.ask(method, **args)
        if answer["error"] is not None:
            assert answer["result"] is None, answer
            raise Refused(answer["error"])
        return answer["result"]

    def refused(self, method, /, **args):
        """The text of a call that must be refused."""
        try:
            result = self(method, **args)
        except Refused as e:
            return str(e)
        raise AssertionError("%s was not refused: %r" % (method, result))

    def ask(self, method, /, **args):
        """The whole answer of a call, with its id compared."""
        call = self.call(method, args)
        answer = self.send(json.dumps(call).encode())
        assert answer.keys() == ({"id", "result", "error"} if self.ids else {"result", "error"})
        if self.ids:
            assert answer["id"] == call["id"] and type(answer["id"]) is type(call["id"]), answer
        assert answer["error"] is None or isinstance(answer["error"], str), answer
        return answer

    def call(self, method, args):
        """The object that goes out."""
        call = {"api_key": self.key, "method": method,
                "args": {k: self.value(v) for k, v in args.items()} or (
                    None if self.ids == "text" else {})}
        if self.ids:
            call["id"] = {"int": random.randint(1, 9998), "text": "", "uuid": str(uuid.uuid4())}[
                self.ids]
        return call

    def value(self, value):
        return str(value) if self.texts and not isinstance(value, (dict, list)) else value

    # ---- bytes

    def send(self, body, http_method="POST", chunked=False, headers=(), path=None):
        """Any body; the answer as JSON, whose status and headers every answer has."""
        self.raw(body, http_method, chunked, headers, path)
        assert self.status == 200, (self.status, self.answer)
        assert self.headers["Content-Type"] == "application/json; charset=utf-8"
        assert self.headers["X-Content-Type-Options"] == "nosniff"
        assert self.headers["Content-Length"] == str(len(self.answer))
        for name in ("Set-Cookie", "WWW-Authenticate", "ETag", "Access-Control-Allow-Origin"):
            assert name not in self.headers, name
        return json.loads(self.answer)

    def raw(self, body, http_method="POST", chunked=False, headers=(), path=None):
        """Sends it and reads whatever comes; body None: none, and no length."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            connection.putrequest(http_method, path or self.path, skip_accept_encoding=True)
            for name, value in dict({"Content-Type": self.type}, **dict(headers)).items():
                connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
            elif body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            if chunked:
                half = len(body) // 2 + 1
                for part in filter(None, (body[:half], body[half:])):
                    connection.send(b"%x\r\n%s\r\n" % (len(part), part))
                connection.send(b"0\r\n\r\n")
            elif body:
                connection.send(body)
            got = connection.getresponse()
            self.status, self.headers, self.answer = got.status, got.headers, got.read()
        finally:
            connection.close()
        return self.answer
