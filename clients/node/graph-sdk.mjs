// @microsoft/msgraph-sdk with @azure/identity.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { ClientSecretCredential } from "@azure/identity";
import { HttpMethod, RequestInformation } from "@microsoft/kiota-abstractions";
import { AzureIdentityAuthenticationProvider } from "@microsoft/kiota-authentication-azure";
import { RetryHandlerOptions } from "@microsoft/kiota-http-fetchlibrary";
import { GraphRequestAdapter, createGraphServiceClient } from "@microsoft/msgraph-sdk";
import "@microsoft/msgraph-sdk-directory";
import "@microsoft/msgraph-sdk-invitations";
import "@microsoft/msgraph-sdk-users";
import { PageIterator } from "@microsoft/msgraph-sdk-core";
import { createUserCollectionResponseFromDiscriminatorValue } from "@microsoft/msgraph-sdk/models/index.js";
import { createODataErrorFromDiscriminatorValue } from "@microsoft/msgraph-sdk/models/oDataErrors/index.js";
import { World, act, refused } from "./world.mjs";

const SCOPE = "https://graph.microsoft.com/.default";
const POLICY = "policies/externalIdentitiesPolicy";
const ERRORS = { XXX: createODataErrorFromDiscriminatorValue };

class SdkClient {
  constructor(world, app = "CLIENT", secret = world.get(`${app}_SECRET`)) {
    this.world = world;
    this.credential = new ClientSecretCredential(world.get("TENANT_ID"), world.get(`${app}_ID`), secret, {
      authorityHost: world.get("AUTHORITY"),
      disableInstanceDiscovery: true,
    });
    const hosts = new Set(["localhost"]);
    this.adapter = new GraphRequestAdapter(
      new AzureIdentityAuthenticationProvider(this.credential, [SCOPE], undefined, hosts),
    );
    this.adapter.baseUrl = `${world.get("BASE_URL")}/v1.0`;
    this.graph = createGraphServiceClient(this.adapter);
  }

  /** A request without a builder: this package has none for the policy. */
  async raw(method, path, body, options = []) {
    const info = new RequestInformation(method);
    info.URL = `${this.world.get("BASE_URL")}/${path}`;
    info.addRequestHeaders({ Accept: "application/json" });
    info.addRequestOptions(options);
    if (method === HttpMethod.PATCH) {
      info.setStreamContent(new TextEncoder().encode(JSON.stringify(body)), "application/json");
      return this.adapter.sendNoResponseContent(info, ERRORS);
    }
    const bytes = await this.adapter.sendPrimitive(info, "ArrayBuffer", ERRORS);
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Everything in a collection, by the iterator of the SDK; the ids, and how many pages there were. */
  async all(first) {
    const ids = [];
    let pages = 1;
    const seen = (user) => {
      ids.push(user.id);
      return true;
    };
    const factory = (node) => {
      pages += 1;
      return createUserCollectionResponseFromDiscriminatorValue(node);
    };
    await new PageIterator(this.adapter, first, seen, factory, ERRORS).iterate();
    return { ids, pages };
  }
}

const world = new World();
const client = new SdkClient(world);
const { graph } = client;

await act("token", async () => {
  const { token } = await client.credential.getToken(SCOPE);
  assert.equal(token.split(".").length, 3);
});

for (const version of ["v1.0", "beta"]) {
  const path = `${version}/${POLICY}`;
  await act(`read the policy on ${version}`, async () => {
    const policy = await client.raw(HttpMethod.GET, path);
    assert.equal(policy.id, "externalIdentityPolicy");
    assert.equal(policy.allowExternalIdentitiesToLeave, true);
  });
  await act(`change the policy on ${version}`, async () => {
    for (const value of [false, true]) {
      await client.raw(HttpMethod.PATCH, path, { allowExternalIdentitiesToLeave: value });
      for (const other of ["v1.0", "beta"]) {
        const policy = await client.raw(HttpMethod.GET, `${other}/${POLICY}`);
        assert.equal(policy.allowExternalIdentitiesToLeave, value, other);
      }
    }
  });
}

await act("list guests by filter over several pages", async () => {
  const first = await graph.users.get({
    headers: { ConsistencyLevel: "eventual" },
    queryParameters: { filter: "userType eq 'Guest'", select: ["id", "userType"], count: true, top: 4 },
  });
  assert(first.value.every((user) => user.userType === "Guest"));
  const { ids, pages } = await client.all(first);
  assert(pages > 2, `${pages} pages`);
  assert.equal(ids.length, first.odataCount);
  assert.equal(new Set(ids).size, ids.length, "a guest came twice");
});

let guest;
await act("invite a guest", async () => {
  const invitation = await graph.invitations.post({
    invitedUserEmailAddress: `client-${randomUUID().slice(0, 8)}@fourthcoffee.example`,
    invitedUserDisplayName: "A Client",
    inviteRedirectUrl: "https://localhost/",
  });
  guest = invitation.invitedUser.id;
  assert(invitation.inviteRedeemUrl.startsWith(world.get("BASE_URL")), invitation.inviteRedeemUrl);
  assert.equal((await graph.users.byUserId(guest).get()).displayName, "A Client");
});

await act("delete the guest", async () => {
  await graph.users.byUserId(guest).delete();
  const error = await refused(() => graph.users.byUserId(guest).get());
  assert.equal(error.responseStatusCode, 404);
});

await act("find the guest among the deleted", async () => {
  const { ids } = await client.all(await graph.directory.deletedItems.graphUser.get());
  assert(ids.includes(guest));
  const one = await graph.directory.deletedItems
    .byDirectoryObjectId(guest)
    .get({ queryParameters: { select: ["id", "deletedDateTime"] } });
  assert.equal(one.odataType, "#microsoft.graph.user");
  assert(one.deletedDateTime instanceof Date, one.deletedDateTime);
});

await act("restore the guest", async () => {
  const restored = await graph.directory.deletedItems.byDirectoryObjectId(guest).restore.post();
  assert.equal(restored.id, guest);
  assert.equal((await graph.users.byUserId(guest).get()).id, guest);
  await graph.users.byUserId(guest).delete();
});

function check(error, status, code) {
  assert.equal(error.responseStatusCode, status, error);
  assert.equal(error.errorEscaped.code, code);
  assert(error.errorEscaped.message);
  assert(error.errorEscaped.innerError.requestId);
}

await act("error: unknown property", async () => {
  const call = client.raw(HttpMethod.PATCH, `beta/${POLICY}`, { allowEverybodyToLeave: true });
  check(await refused(() => call), 400, "RequestBodyRead");
});

await act("error: missing permission", async () => {
  const reader = new SdkClient(world, "READER_CLIENT");
  check(await refused(() => reader.graph.users.get()), 403, "Authorization_RequestDenied");
});

await act("error: missing object", async () => {
  check(await refused(() => graph.users.byUserId(randomUUID()).get()), 404, "Request_ResourceNotFound");
});

await act("error: wrong secret", async () => {
  const error = await refused(() => new SdkClient(world, "CLIENT", "wrong").credential.getToken(SCOPE));
  assert.equal(error.name, "AuthenticationRequiredError");
  assert.match(error.message, /AADSTS7000215/);
});

const patient = new SdkClient(new World("THROTTLED_"));
const { token } = await patient.credential.getToken(SCOPE);

await act("error: throttled", async () => {
  await patient.world.exhaust(token);
  const options = [new RetryHandlerOptions({ maxRetries: 0 })];
  const error = await refused(() => patient.raw(HttpMethod.GET, `beta/${POLICY}`, undefined, options));
  assert.equal(error.responseStatusCode, 429, error);
  assert.equal(error.errorEscaped.code, "TooManyRequests");
});

await act("a throttled call is tried again by the client", async () => {
  await patient.world.exhaust(token);
  const start = performance.now();
  const policy = await patient.raw(HttpMethod.GET, `v1.0/${POLICY}`);
  assert.equal(policy.id, "externalIdentityPolicy");
  assert(performance.now() - start >= 1000, "the answer came before the server was ready to give one");
});
