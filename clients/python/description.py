"""The description that the server gives of itself: valid for openapi-spec-validator, and true for schemathesis."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openapi_spec_validator import validate
from person import Person
from world import World, act, end

WORLD = World()
ST = Path(sys.executable).parent / "st"
LONG = os.environ.get("INNKEEPER_LONG") == "1"
# Each operation is asked so often by each of the three.
EXAMPLES = 38 if LONG else 4
AT_LEAST = 20_000 if LONG else 2_000
CALLBACK = "http://localhost:8400/callback"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123456789"
# What must hold whatever is asked; the description names every status and the form of every answer.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def token_of(who):
    """A token with all that an app may do for this person."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = urllib.parse.urlencode({
        "client_id": WORLD["PUBLIC_CLIENT_ID"], "response_type": "code", "redirect_uri": CALLBACK,
        "scope": "https://graph.microsoft.com/.default", "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    })
    tenant = f"/{WORLD['TENANT_ID']}/oauth2/v2.0"
    person = Person(WORLD[f"{who}_USERNAME"], WORLD[f"{who}_PASSWORD"])
    answer = person.open(f"{WORLD['AUTHORITY']}{tenant}/authorize?{query}", CALLBACK)
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer).query))
    status, _, tokens = WORLD.request("POST", f"{tenant}/token", form={
        "grant_type": "authorization_code", "code": sent["code"], "redirect_uri": CALLBACK,
        "client_id": WORLD["PUBLIC_CLIENT_ID"], "code_verifier": VERIFIER,
    })
    assert status == 200, tokens
    return tokens["access_token"]


def ask(token):
    """Runs the tool; how many cases it made. A case that breaks a promise ends it badly."""
    command = [
        ST, "--no-color", "run", f"{WORLD['BASE_URL']}/innkeeper/v1/openapi.json", "--checks", CHECKS,
        "--phases", "fuzzing", "--max-examples", str(EXAMPLES), "--continue-on-failure", "--no-shrink",
        "--tls-verify", os.environ["SSL_CERT_FILE"], "--warnings", "off",
        "--suppress-health-check", "all", "--request-timeout", "20",
    ]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    command += ["--generation-database", "none"] if LONG else ["--generation-deterministic"]
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    # `1234 generated, 1234 passed`
    return int(re.search(r"(\d+) generated", done.stdout.replace(",", ""))[1])


def ask_as(name, who):
    with act(f"every answer is as described, as {name}"):
        CASES.append(ask(token_of(who) if who else None))


with act("the description is valid"):
    validate(WORLD.request("GET", "/innkeeper/v1/openapi.json")[2])
CASES = []
with ThreadPoolExecutor() as threads:
    for caller in (("administrator", "ADMIN"), ("guest", "GUEST"), ("nobody", None)):
        threads.submit(ask_as, *caller)
with act("so many cases"):
    assert sum(CASES) >= AT_LEAST, CASES
end()
