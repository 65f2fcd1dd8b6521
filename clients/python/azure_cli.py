"""The Azure CLI, as its users type it: a cloud registered by the address of the server alone, and an app signed in."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import uuid
from pathlib import Path

from person import Person
from world import World, act, end

AZ = Path(sys.executable).parent / "az"
POLICY = "policies/externalIdentitiesPolicy"


class Cli:
    """The program with settings of its own."""

    def __init__(self, world, home):
        self.world = world
        self._environment = {
            **os.environ,
            "AZURE_CONFIG_DIR": home,
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
            "AZURE_CORE_OUTPUT": "json",
        }

    def run(self, *arguments):
        return subprocess.run(
            [AZ, *arguments], env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )

    def __call__(self, *arguments):
        """What a command prints; it has to end well."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"az {' '.join(arguments[:2])}: {done.stderr.strip()}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, status, says, *arguments):
        """A command has to end with this status and say this."""
        done = self.run(*arguments)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        assert says in done.stderr, done.stderr

    def rest(self, method, path, body=None):
        arguments = ["rest", "--method", method, "--url", f"{self.world['BASE_URL']}/{path}"]
        if body is not None:
            arguments += ["--body", json.dumps(body)]
        return arguments

    def sign_in(self, app="CLIENT"):
        return self(
            "login", "--service-principal", "--allow-no-subscriptions", "--tenant", self.world["TENANT_ID"],
            "-u", self.world[f"{app}_ID"], f"-p={self.world[f'{app}_SECRET']}",
        )

    def sign_in_with_device(self, person):
        """What the program shows is typed by a person elsewhere. Without a tenant there is nothing it could sign in to."""
        words = ["login", "--use-device-code", "--allow-no-subscriptions", "--tenant", self.world["TENANT_ID"]]
        # The code is a warning to it.
        environment = {**self._environment, "AZURE_CORE_ONLY_SHOW_ERRORS": "false"}
        running = subprocess.Popen(
            [AZ, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for line in running.stderr:
            if shown := re.search(r"open the page (\S+) and enter the code (\S+)", line):
                person(shown[2]).open(shown[1], "never:")
        return json.loads(running.communicate()[0])

    def register(self):
        self("cloud", "register", "-n", "innkeeper", "--endpoint-resource-manager", self.world["BASE_URL"])
        self("cloud", "set", "-n", "innkeeper")


def main(home, throttled_home):
    world = World()
    az = Cli(world, home)
    with act("register the cloud by its address alone"):
        az.register()
        cloud = az("cloud", "show")
        assert cloud["endpoints"]["activeDirectory"].startswith(world["AUTHORITY"]), cloud
        assert cloud["endpoints"]["microsoftGraphResourceId"].startswith(world["BASE_URL"]), cloud
    with act("token"):
        account = az.sign_in()[0]
        assert account["tenantId"] == world["TENANT_ID"], account
    policies(az)
    life(az)
    with act("error: unknown property"):
        az.refused(1, "RequestBodyRead", *az.rest("patch", f"beta/{POLICY}", {"allowEverybodyToLeave": True}))
    with act("error: missing object"):
        missing = str(uuid.uuid4())
        az.refused(3, missing, "ad", "user", "show", "--id", missing)
        az.refused(1, "Request_ResourceNotFound", *az.rest("get", f"v1.0/users/{missing}"))
    with act("error: missing permission"):
        az.sign_in("READER_CLIENT")
        az(*az.rest("get", f"beta/{POLICY}"))
        az.refused(1, "Authorization_RequestDenied", *az.rest("get", "v1.0/users"))
    with act("error: wrong secret"):
        # A token that it has is used whatever the secret.
        az("account", "clear")
        az.refused(
            1, "AADSTS7000215", "login", "--service-principal", "--allow-no-subscriptions",
            "--tenant", world["TENANT_ID"], "-u", world["CLIENT_ID"], "-p=wrong",
        )
    with act("sign a person in by device code"):
        az("account", "clear")
        name = world["ADMIN_USERNAME"]
        account = az.sign_in_with_device(lambda code: Person(name, world["ADMIN_PASSWORD"], code))[0]
        assert account["user"] == {"name": name, "type": "user"}, account
        assert az("ad", "signed-in-user", "show")["userPrincipalName"] == name
    limits(throttled_home)
    end()


def policies(az):
    for version in ("v1.0", "beta"):
        path = f"{version}/{POLICY}"
        with act(f"read the policy on {version}"):
            policy = az(*az.rest("get", path))
            assert policy["allowExternalIdentitiesToLeave"] is True, policy
        with act(f"change the policy on {version}"):
            for value in (False, True):
                az(*az.rest("patch", path, {"allowExternalIdentitiesToLeave": value}))
                policy = az(*az.rest("get", f"beta/{POLICY}"))
                assert policy["allowExternalIdentitiesToLeave"] is value, policy


def life(az):
    guest = None
    with act("list guests by filter over several pages"):
        # `az ad user list` follows the links and shows one list; `az rest` shows the pages.
        listed = az("ad", "user", "list", "--filter", "userType eq 'Guest'")
        found, pages = [], 0
        link = f"{az.world['BASE_URL']}/v1.0/users?$filter=userType eq 'Guest'&$top=9&$select=id"
        while link:
            page = az("rest", "--method", "get", "--url", link)
            found += [user["id"] for user in page["value"]]
            link = page.get("@odata.nextLink")
            pages += 1
        assert pages > 2, pages
        assert sorted(found) == sorted(user["id"] for user in listed)
    with act("invite a guest"):
        mail = f"client-{uuid.uuid4().hex[:8]}@fourthcoffee.example"
        invitation = az(*az.rest("post", "v1.0/invitations", {
            "invitedUserEmailAddress": mail, "invitedUserDisplayName": "A Client", "inviteRedirectUrl": "https://localhost/",
        }))
        guest = invitation["invitedUser"]["id"]
        assert az("ad", "user", "show", "--id", guest)["displayName"] == "A Client"
    with act("delete the guest"):
        az("ad", "user", "delete", "--id", guest)
        az.refused(3, guest, "ad", "user", "show", "--id", guest)
    with act("find the guest among the deleted"):
        deleted = az(*az.rest("get", "v1.0/directory/deletedItems/microsoft.graph.user?$select=id"))
        assert guest in [user["id"] for user in deleted["value"]], deleted
    with act("restore the guest"):
        restored = az(*az.rest("post", f"v1.0/directory/deletedItems/{guest}/restore"))
        assert restored["id"] == guest, restored
        assert az("ad", "user", "show", "--id", guest)["id"] == guest


def limits(home):
    """The program does not try again by itself, and says what it was told."""
    world = World("THROTTLED_")
    az = Cli(world, home)
    with act("error: throttled"):
        az.register()
        az.sign_in()
        token, done = world.token(), threading.Event()

        def keep_exhausted():
            while not done.is_set():
                world.exhaust(token)

        other = threading.Thread(target=keep_exhausted)
        other.start()
        try:
            az.refused(1, "TooManyRequests", *az.rest("get", f"beta/{POLICY}"))
        finally:
            done.set()
            other.join()


with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
    main(one, two)
