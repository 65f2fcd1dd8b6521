// @microsoft/microsoft-graph-client with @azure/identity.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { ClientSecretCredential } from "@azure/identity";
import { Client, GraphError, PageIterator, RetryHandlerOptions } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { World, act, refused } from "./world.mjs";

const SCOPE = "https://graph.microsoft.com/.default";
const POLICY = "/policies/externalIdentitiesPolicy";

const credentialOf = (world, app = "CLIENT", secret = world.get(`${app}_SECRET`)) =>
  new ClientSecretCredential(world.get("TENANT_ID"), world.get(`${app}_ID`), secret, {
    authorityHost: world.get("AUTHORITY"),
    disableInstanceDiscovery: true,
  });

const clientOf = (world, app) =>
  Client.initWithMiddleware({
    authProvider: new TokenCredentialAuthenticationProvider(credentialOf(world, app), { scopes: [SCOPE] }),
    baseUrl: `${world.get("BASE_URL")}/`,
    customHosts: new Set(["localhost"]),
  });

const world = new World();
const graph = clientOf(world);

await act("token", async () => {
  const { token } = await credentialOf(world).getToken(SCOPE);
  assert.equal(token.split(".").length, 3);
});

for (const version of ["v1.0", "beta"]) {
  await act(`read the policy on ${version}`, async () => {
    const policy = await graph.api(POLICY).version(version).get();
    assert.equal(policy.id, "externalIdentityPolicy");
    assert.equal(policy.allowExternalIdentitiesToLeave, true);
  });
  await act(`change the policy on ${version}`, async () => {
    for (const value of [false, true]) {
      await graph.api(POLICY).version(version).patch({ allowExternalIdentitiesToLeave: value });
      for (const other of ["v1.0", "beta"]) {
        const policy = await graph.api(POLICY).version(other).get();
        assert.equal(policy.allowExternalIdentitiesToLeave, value, other);
      }
    }
  });
}

await act("list guests by filter over several pages", async () => {
  const first = await graph
    .api("/users")
    .header("ConsistencyLevel", "eventual")
    .filter("userType eq 'Guest'")
    .select("id,displayName,userType")
    .count(true)
    .top(4)
    .get();
  const found = [];
  let pages = 1;
  const counting = {
    api: (path) => {
      pages += 1;
      return graph.api(path);
    },
  };
  const iterator = new PageIterator(counting, first, (user) => found.push(user));
  await iterator.iterate();
  assert(pages > 2, `${pages} pages`);
  assert.equal(found.length, first["@odata.count"]);
  assert.equal(new Set(found.map((user) => user.id)).size, found.length, "a guest came twice");
  assert(found.every((user) => user.userType === "Guest"));
});

let guest;
await act("invite a guest", async () => {
  const invitation = await graph.api("/invitations").post({
    invitedUserEmailAddress: `client-${randomUUID().slice(0, 8)}@fourthcoffee.example`,
    invitedUserDisplayName: "A Client",
    inviteRedirectUrl: "https://localhost/",
  });
  guest = invitation.invitedUser.id;
  assert(invitation.inviteRedeemUrl.startsWith(world.get("BASE_URL")), invitation.inviteRedeemUrl);
  assert.equal((await graph.api(`/users/${guest}`).get()).displayName, "A Client");
});

await act("delete the guest", async () => {
  await graph.api(`/users/${guest}`).delete();
  assert.equal((await refused(() => graph.api(`/users/${guest}`).get())).statusCode, 404);
});

await act("find the guest among the deleted", async () => {
  const page = await graph.api("/directory/deletedItems/microsoft.graph.user").get();
  const ids = [];
  await new PageIterator(graph, page, (user) => ids.push(user.id)).iterate();
  assert(ids.includes(guest));
  const one = await graph.api(`/directory/deletedItems/${guest}`).select("id,deletedDateTime").get();
  assert.equal(one["@odata.type"], "#microsoft.graph.user");
  assert(!Number.isNaN(Date.parse(one.deletedDateTime)), one.deletedDateTime);
});

await act("restore the guest", async () => {
  const restored = await graph.api(`/directory/deletedItems/${guest}/restore`).post();
  assert.equal(restored.id, guest);
  assert.equal((await graph.api(`/users/${guest}`).get()).id, guest);
  await graph.api(`/users/${guest}`).delete();
});

function check(error, status, code) {
  assert(error instanceof GraphError, error);
  assert.equal(error.statusCode, status);
  assert.equal(error.code, code);
  assert(error.message);
  assert(error.requestId, "the id of the request is not where the client looks for it");
}

await act("error: unknown property", async () => {
  const error = await refused(() => graph.api(POLICY).version("beta").patch({ allowEverybodyToLeave: true }));
  check(error, 400, "RequestBodyRead");
});

await act("error: missing permission", async () => {
  const error = await refused(() => clientOf(world, "READER_CLIENT").api("/users").get());
  check(error, 403, "Authorization_RequestDenied");
});

await act("error: missing object", async () => {
  const error = await refused(() => graph.api(`/users/${randomUUID()}`).get());
  check(error, 404, "Request_ResourceNotFound");
});

await act("error: wrong secret", async () => {
  const error = await refused(() => credentialOf(world, "CLIENT", "wrong").getToken(SCOPE));
  assert.equal(error.name, "AuthenticationRequiredError");
  assert.match(error.message, /AADSTS7000215/);
});

const slow = new World("THROTTLED_");
const { token } = await credentialOf(slow).getToken(SCOPE);
const patient = clientOf(slow);

await act("error: throttled", async () => {
  await slow.exhaust(token);
  const impatient = patient.api(POLICY).version("beta").middlewareOptions([new RetryHandlerOptions(0, 0)]);
  check(await refused(() => impatient.get()), 429, "TooManyRequests");
});

await act("a throttled call is tried again by the client", async () => {
  await slow.exhaust(token);
  const start = performance.now();
  const policy = await patient.api(POLICY).get();
  assert.equal(policy.id, "externalIdentityPolicy");
  assert(performance.now() - start >= 1000, "the answer came before the server was ready to give one");
});
