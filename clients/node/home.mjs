// oidc-provider as the home of a guest, who is invited, signs in there, accepts, comes back, and leaves.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createServer } from "node:http";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import Provider from "oidc-provider";
import { World, act } from "./world.mjs";

const world = new World();
const origin = world.get("BASE_URL");
const tenant = world.get("TENANT_ID");
const ANA = "ana@partner.example";
const SECRET = "a secret & more of it: 42%";

/** The provider knows whoever asks, and tells the address. */
async function begin() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "innkeeper", client_secret: SECRET, redirect_uris: [`${origin}/signin/callback`] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, email: accountId, email_verified: true, name: "Ana Oliveira" }),
    }),
  });
  server.on("request", provider.callback());
  return { server, issuer };
}

async function innkeeper(...words) {
  const place = ["--data-dir", dirname(world.get("CA_FILE")), "--tenant", tenant];
  const child = spawn(process.env.INNKEEPER_BIN, ["provider", ...words, ...place], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(`${SECRET}\n`);
  const [said, status] = await Promise.all([text(child.stdout), new Promise((resolve) => child.on("close", resolve))]);
  assert.equal(status, 0, said);
  return said;
}

/** What the last page says to Ana, who has a password at home and nowhere else. */
async function ana(address) {
  const told = await promisify(execFile)("python3", [process.env.PERSON, address, "never:", ANA, "at home"]);
  return told.stdout.trim();
}

async function graph(path, body) {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: world.get("CLIENT_ID"),
    client_secret: world.get("CLIENT_SECRET"),
    scope: "https://graph.microsoft.com/.default",
  });
  const { access_token } = await (await fetch(`${origin}/${tenant}/oauth2/v2.0/token`, { method: "POST", body: form })).json();
  const headers = { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" };
  const request = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${origin}/v1.0/${path}`, request);
  return { status: answer.status, body: await answer.json() };
}

const { server, issuer } = await begin();
let guest;

await act("oidc-provider: registered as a home", async () => {
  const said = await innkeeper("add", "--name", "Partner", "--issuer", issuer, "--client-id", "innkeeper");
  const [, id] = /Registered: (\S+)/u.exec(said);
  await innkeeper("confirm-domain", "--provider", id, "--domain", "partner.example");
});

await act("oidc-provider: a guest accepts an invitation", async () => {
  const invitation = await graph("invitations", { invitedUserEmailAddress: ANA, inviteRedirectUrl: "https://localhost/" });
  assert.equal(invitation.status, 201, JSON.stringify(invitation.body));
  guest = invitation.body.invitedUser.id;
  const said = await ana(invitation.body.inviteRedeemUrl);
  assert.match(said, /You are now a guest/u);
  const { body } = await graph(`users/${guest}?$select=externalUserState,displayName`);
  assert.equal(body.externalUserState, "Accepted", JSON.stringify(body));
});

await act("oidc-provider: the guest comes back", async () => {
  assert.match(await ana(`${origin}/myaccount/organizations`), /Contoso/u);
});

await act("oidc-provider: the guest leaves", async () => {
  assert.match(await ana(`${origin}/myaccount/organizations/leave/${tenant}`), /You have left Contoso/u);
  assert.equal((await graph(`users/${guest}`)).status, 404);
  const deleted = await graph(`directory/deletedItems/${guest}?$select=id,deletedDateTime`);
  assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
});

server.closeAllConnections();
server.close();
