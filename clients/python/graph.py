"""The Graph SDKs for Python, each by its own typed calls, with azure-identity: `graph.py msgraph` and `graph.py msgraph_beta`."""

import asyncio
import importlib
import json
import sys
import uuid

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import RetryHandlerOption

from world import Stopwatch, World, act, end, refused

PACKAGE = sys.argv[1]
OWN = {"msgraph": "v1.0", "msgraph_beta": "beta"}[PACKAGE]
POLICY = "policies/externalIdentitiesPolicy"


def part(path):
    return importlib.import_module(f"{PACKAGE}.generated.{path}")


sdk = importlib.import_module(PACKAGE)
adapters = importlib.import_module(f"{PACKAGE}.graph_request_adapter")
ODataError = part("models.o_data_errors.o_data_error").ODataError
User = part("models.user").User
Invitation = part("models.invitation").Invitation
Items = part("directory.deleted_items.item.directory_object_item_request_builder").DirectoryObjectItemRequestBuilder
Users = part("users.users_request_builder").UsersRequestBuilder


class Client:
    """One SDK client for one app of one world."""

    def __init__(self, world, app="CLIENT", secret=None):
        self.world = world
        self.credential = ClientSecretCredential(
            world["TENANT_ID"], world[f"{app}_ID"], secret or world[f"{app}_SECRET"],
            authority=world["AUTHORITY"], disable_instance_discovery=True,
        )
        provider = AzureIdentityAuthenticationProvider(
            self.credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["localhost"],
        )
        self.adapter = adapters.GraphRequestAdapter(provider)
        self.adapter.base_url = f"{world['BASE_URL']}/{OWN}"
        self.graph = sdk.GraphServiceClient(request_adapter=self.adapter)

    async def raw(self, method, path, body=None, options=()):
        """A request without a builder, as the SDK documents it for what it has no builder for."""
        info = RequestInformation(method, path)
        info.url = f"{self.world['BASE_URL']}/{path}"
        info.headers.try_add("Accept", "application/json")
        if body is not None:
            info.set_stream_content(json.dumps(body).encode(), "application/json")
        info.add_request_options(list(options))
        if method is Method.PATCH:
            return await self.adapter.send_no_response_content_async(info, {"XXX": ODataError})
        return json.loads(await self.adapter.send_primitive_async(info, "bytes", {"XXX": ODataError}))


async def policies(client):
    """Both versions name one object; beta has a builder in the beta package only."""
    for version in ("v1.0", "beta"):
        path = f"{version}/{POLICY}"
        with act(f"read the policy on {version}"):
            policy = await client.raw(Method.GET, path)
            assert policy["id"] == "externalIdentityPolicy", policy
            assert policy["allowExternalIdentitiesToLeave"] is True, policy
        with act(f"change the policy on {version}"):
            for value in (False, True):
                await client.raw(Method.PATCH, path, {
                    "@odata.type": "#microsoft.graph.externalIdentitiesPolicy",
                    "allowExternalIdentitiesToLeave": value,
                })
                for other in ("v1.0", "beta"):
                    policy = await client.raw(Method.GET, f"{other}/{POLICY}")
                    assert policy["allowExternalIdentitiesToLeave"] is value, (other, policy)
    if OWN == "beta":
        with act("read and change the policy by the typed builder"):
            builder = client.graph.policies.external_identities_policy
            Policy = part("models.external_identities_policy").ExternalIdentitiesPolicy
            for value in (True, False):
                await builder.patch(Policy(allow_deleted_identities_data_removal=value))
                policy = await builder.get()
                assert isinstance(policy, Policy), policy
                assert policy.allow_deleted_identities_data_removal is value
                assert policy.allow_external_identities_to_leave is True


async def guests(client):
    with act("list guests by filter over several pages"):
        query = Users.UsersRequestBuilderGetQueryParameters(
            filter="userType eq 'Guest'", top=4, count=True, select=["id", "displayName", "userType"],
        )
        configuration = RequestConfiguration(query_parameters=query)
        configuration.headers.add("ConsistencyLevel", "eventual")
        page = await client.graph.users.get(configuration)
        total, found, pages = page.odata_count, list(page.value), 1
        while page.odata_next_link:
            page = await client.graph.users.with_url(page.odata_next_link).get()
            found += page.value
            pages += 1
        assert pages > 2 and len(found) == total, (pages, len(found), total)
        assert len({user.id for user in found}) == total, "a guest came twice"
        assert {user.user_type for user in found} == {"Guest"}


async def life(client):
    """Invited, deleted, found, restored. Each act needs the one before it."""
    mail = f"client-{uuid.uuid4().hex[:8]}@fourthcoffee.example"
    guest = None
    with act("invite a guest"):
        invitation = await client.graph.invitations.post(Invitation(
            invited_user_email_address=mail, invited_user_display_name="A Client",
            invite_redirect_url="https://localhost/", send_invitation_message=False,
        ))
        guest = invitation.invited_user.id
        assert invitation.invite_redeem_url.startswith(client.world["BASE_URL"]), invitation.invite_redeem_url
        user = await client.graph.users.by_user_id(guest).get()
        assert user.display_name == "A Client", user.display_name
    with act("delete the guest"):
        await client.graph.users.by_user_id(guest).delete()
        with refused(ODataError) as box:
            await client.graph.users.by_user_id(guest).get()
        assert box[0].response_status_code == 404
    with act("find the guest among the deleted"):
        page = await client.graph.directory.deleted_items.graph_user.get()
        while guest not in [user.id for user in page.value]:
            assert page.odata_next_link, "the guest is not among the deleted users"
            page = await client.graph.directory.deleted_items.graph_user.with_url(page.odata_next_link).get()
        query = Items.DirectoryObjectItemRequestBuilderGetQueryParameters(select=["id", "deletedDateTime"])
        one = await client.graph.directory.deleted_items.by_directory_object_id(guest).get(
            RequestConfiguration(query_parameters=query))
        assert isinstance(one, User), type(one)
        assert one.deleted_date_time is not None
    with act("restore the guest"):
        restored = await client.graph.directory.deleted_items.by_directory_object_id(guest).restore.post()
        assert isinstance(restored, User) and restored.id == guest, restored
        user = await client.graph.users.by_user_id(guest).get()
        assert user.id == guest
        await client.graph.users.by_user_id(guest).delete()


async def errors(client, world):
    with act("error: unknown property"):
        with refused(ODataError) as box:
            await client.raw(Method.PATCH, f"beta/{POLICY}", {"allowEverybodyToLeave": True})
        check(box[0], 400, "RequestBodyRead")
    with act("error: missing permission"):
        with refused(ODataError) as box:
            await Client(world, "READER_CLIENT").graph.users.get()
        check(box[0], 403, "Authorization_RequestDenied")
    with act("error: missing object"):
        with refused(ODataError) as box:
            await client.graph.users.by_user_id(str(uuid.uuid4())).get()
        check(box[0], 404, "Request_ResourceNotFound")
    with act("error: wrong secret"):
        with refused(ClientAuthenticationError) as box:
            Client(world, secret="wrong").credential.get_token("https://graph.microsoft.com/.default")
        assert "AADSTS7000215" in box[0].message, box[0].message


def check(error, status, code):
    assert error.response_status_code == status, error
    assert error.error.code == code, error.error.code
    assert error.error.message
    assert error.error.inner_error.request_id, error.error.inner_error


async def limits():
    world = World("THROTTLED_")
    client = Client(world)
    with act("error: throttled"):
        token = client.credential.get_token("https://graph.microsoft.com/.default").token
        world.exhaust(token)
        with refused(ODataError) as box:
            await client.raw(Method.GET, f"beta/{POLICY}", options=[RetryHandlerOption(max_retries=0)])
        assert box[0].response_status_code == 429, box[0]
        assert box[0].error.code == "TooManyRequests", box[0]
    with act("a throttled call is tried again by the client"):
        world.exhaust(token)
        watch = Stopwatch()
        policy = await client.raw(Method.GET, f"v1.0/{POLICY}")
        assert policy["id"] == "externalIdentityPolicy"
        assert watch.seconds() >= 1, "the answer came before the server was ready to give one"


async def main():
    world = World()
    client = Client(world)
    with act("token"):
        assert client.credential.get_token("https://graph.microsoft.com/.default").token.count(".") == 2
    await policies(client)
    await guests(client)
    await life(client)
    await errors(client, world)
    await limits()
    end()


asyncio.run(main())
