"""What every program here shares: the world it is given, the record of what it did, and plain requests to set a stage."""

import json
import os
import ssl
import sys
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager


class World:
    """One running server, as its env file describes it."""

    def __init__(self, prefix=""):
        self._prefix = prefix
        self._tls = ssl.create_default_context(cafile=self["CA_FILE"])

    def __getitem__(self, name):
        return os.environ[self._prefix + name]

    def request(self, method, path, token=None, form=None, body=None):
        """Status, headers and JSON of a plain request, without any of the clients under test."""
        data, headers = None, {"Authorization": f"Bearer {token}"} if token else {}
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        url = path if path.startswith("https:") else self["BASE_URL"] + path
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            answer = urllib.request.urlopen(request, context=self._tls)
        except urllib.error.HTTPError as refused:
            answer = refused
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None

    def token(self, app="CLIENT"):
        """A token of an app, by a plain request."""
        status, _, answer = self.request("POST", f"/{self['TENANT_ID']}/oauth2/v2.0/token", form={
            "grant_type": "client_credentials",
            "client_id": self[f"{app}_ID"],
            "client_secret": self[f"{app}_SECRET"],
            "scope": "https://graph.microsoft.com/.default",
        })
        assert status == 200, answer
        return answer["access_token"]

    def exhaust(self, token):
        """Asks until the server refuses to answer more for the moment."""
        for _ in range(1000):
            status, headers, answer = self.request("GET", "/v1.0/policies/externalIdentitiesPolicy", token)
            if status == 429:
                assert int(headers["Retry-After"]) <= 10, headers["Retry-After"]
                return
            assert status == 200, answer
        raise AssertionError("a thousand requests were answered: is there a limit?")


_failed = []


@contextmanager
def act(name):
    """One thing that a client does; what goes wrong is written down, and the next act begins."""
    try:
        yield
        print(f"ok\t{name}", flush=True)
    except Exception as error:
        _failed.append(name)
        print(f"FAILED\t{name}\t{type(error).__name__}: {error}".replace("\n", " "), flush=True)
        traceback.print_exc()


@contextmanager
def refused(kind):
    """The block has to raise this error; what it held is in the box afterwards."""
    box = []
    try:
        yield box
    except kind as error:
        box.append(error)
    assert box, f"no {kind.__name__} was raised"


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self._start = time.monotonic()

    def seconds(self):
        return time.monotonic() - self._start


def end():
    """Ends the program: well if every act went well."""
    sys.exit(1 if _failed else 0)
