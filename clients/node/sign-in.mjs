// People and apps that sign in through MSAL for Node, @azure/identity and openid-client.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate, webcrypto } from "node:crypto";
import { promisify } from "node:util";
import { AuthorizationCodeCredential, ClientCertificateCredential, DeviceCodeCredential } from "@azure/identity";
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import forge from "node-forge";
import * as openid from "openid-client";
import { World, act } from "./world.mjs";

const world = new World();
const origin = world.get("AUTHORITY");
const authority = `${origin}/${world.get("TENANT_ID")}`;
const CALLBACK = "http://localhost:8400/callback";
const DEFAULT = "https://graph.microsoft.com/.default";
const USER_READ = "https://graph.microsoft.com/User.Read";

/** A person at a browser without script opens an address; where that ends, or what the last page says. */
async function person(who, address, end, code) {
  const known = [world.get(`${who}_USERNAME`), world.get(`${who}_PASSWORD`)];
  const more = code === undefined ? [] : [code];
  const told = await promisify(execFile)("python3", [process.env.PERSON, address, end, ...known, ...more]);
  return told.stdout.trim();
}

/** The parameters of an answer to an app. */
async function answered(who, address) {
  const end = await person(who, address, CALLBACK);
  assert(end.startsWith(CALLBACK), end);
  return new URL(end);
}

async function me(token) {
  const answer = await fetch(`${world.get("BASE_URL")}/v1.0/me`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  return answer.json();
}

async function isAdministrator(token) {
  assert.equal((await me(token)).userPrincipalName, world.get("ADMIN_USERNAME"));
}

const known = { authority, knownAuthorities: [new URL(origin).host] };
const publicApp = () => new PublicClientApplication({ auth: { ...known, clientId: world.get("PUBLIC_CLIENT_ID") } });
const web = () =>
  new ConfidentialClientApplication({
    auth: { ...known, clientId: world.get("CLIENT_ID"), clientSecret: world.get("CLIENT_SECRET") },
  });

await act("msal-node: client credentials", async () => {
  const app = web();
  const first = await app.acquireTokenByClientCredential({ scopes: [DEFAULT] });
  assert.equal(first.fromCache, false);
  assert.equal((await app.acquireTokenByClientCredential({ scopes: [DEFAULT] })).fromCache, true);
});

/** A private key, and a certificate of it by which Graph is told to know the app, both as PEM. */
async function certified() {
  const pair = forge.pki.rsa.generateKeyPair(2048);
  const made = forge.pki.createCertificate();
  const name = [{ name: "commonName", value: "automation" }];
  made.publicKey = pair.publicKey;
  made.serialNumber = "01";
  made.validity.notAfter.setDate(made.validity.notBefore.getDate() + 30);
  made.setSubject(name);
  made.setIssuer(name);
  made.sign(pair.privateKey, forge.md.sha256.create());
  const certificate = forge.pki.certificateToPem(made);
  const privateKey = forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(pair.privateKey)));
  const { accessToken } = await web().acquireTokenByClientCredential({ scopes: [DEFAULT] });
  const key = new X509Certificate(certificate).raw.toString("base64");
  const answer = await fetch(`${world.get("BASE_URL")}/v1.0/applications(appId='${world.get("CLIENT_ID")}')`, {
    method: "PATCH",
    headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
    body: JSON.stringify({ keyCredentials: [{ type: "AsymmetricX509Cert", usage: "Verify", key }] }),
  });
  assert.equal(answer.status, 204, await answer.text());
  return { certificate, privateKey };
}

async function readsThePolicy(token) {
  const url = `${world.get("BASE_URL")}/v1.0/policies/externalIdentitiesPolicy`;
  assert.equal((await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).status, 200);
}

const { certificate, privateKey } = await certified();

await act("msal-node: certificate", async () => {
  const thumbprintSha256 = new X509Certificate(certificate).fingerprint256.replaceAll(":", "");
  const client = new ConfidentialClientApplication({
    auth: { ...known, clientId: world.get("CLIENT_ID"), clientCertificate: { thumbprintSha256, privateKey } },
  });
  await readsThePolicy((await client.acquireTokenByClientCredential({ scopes: [DEFAULT] })).accessToken);
});

const app = publicApp();

await act("msal-node: authorization code with PKCE", async () => {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: ["User.Read"], redirectUri: CALLBACK };
  const address = await app.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: "S256" });
  const code = (await answered("ADMIN", address)).searchParams.get("code");
  const result = await app.acquireTokenByCode({ ...request, code, codeVerifier: verifier });
  assert.equal(result.account.username, world.get("ADMIN_USERNAME"));
  assert.equal(result.tenantId, world.get("TENANT_ID"));
  await isAdministrator(result.accessToken);
});

await act("msal-node: silent refresh", async () => {
  const [account] = await app.getTokenCache().getAllAccounts();
  assert.equal((await app.acquireTokenSilent({ scopes: ["User.Read"], account })).fromCache, true);
  for (let round = 0; round < 2; round += 1) {
    // The refresh token is replaced each time, and the new one is good.
    const fresh = await app.acquireTokenSilent({ scopes: ["User.Read"], account, forceRefresh: true });
    assert.equal(fresh.fromCache, false);
    await isAdministrator(fresh.accessToken);
  }
});

await act("msal-node: device code", async () => {
  const other = publicApp();
  let page;
  const result = await other.acquireTokenByDeviceCode({
    scopes: ["User.Read"],
    deviceCodeCallback: ({ userCode, verificationUri }) => {
      page = person("ADMIN", verificationUri, "never:", userCode);
    },
  });
  await page;
  await isAdministrator(result.accessToken);
});

await act("msal-node: authorization code of a web app, by a guest", async () => {
  const request = { scopes: ["User.Read"], redirectUri: CALLBACK };
  const client = web();
  const answer = await answered("GUEST", await client.getAuthCodeUrl({ ...request, responseMode: "form_post" }));
  const result = await client.acquireTokenByCode({ ...request, code: answer.searchParams.get("code") });
  assert.equal(result.idTokenClaims.oid, world.get("GUEST_ID"));
  assert.equal((await me(result.accessToken)).id, world.get("GUEST_ID"));
});

const identity = { authorityHost: origin, disableInstanceDiscovery: true };

await act("@azure/identity: authorization code", async () => {
  const query = new URLSearchParams({
    client_id: world.get("CLIENT_ID"),
    response_type: "code",
    redirect_uri: CALLBACK,
    scope: `openid offline_access ${USER_READ}`,
  });
  const answer = await answered("ADMIN", `${authority}/oauth2/v2.0/authorize?${query}`);
  const credential = new AuthorizationCodeCredential(
    world.get("TENANT_ID"), world.get("CLIENT_ID"), world.get("CLIENT_SECRET"), answer.searchParams.get("code"), CALLBACK, identity,
  );
  await isAdministrator((await credential.getToken(USER_READ)).token);
});

await act("@azure/identity: device code", async () => {
  let page;
  const credential = new DeviceCodeCredential({
    ...identity,
    tenantId: world.get("TENANT_ID"),
    clientId: world.get("PUBLIC_CLIENT_ID"),
    userPromptCallback: ({ userCode, verificationUri }) => {
      page = person("ADMIN", verificationUri, "never:", userCode);
    },
  });
  await isAdministrator((await credential.getToken(USER_READ)).token);
  await page;
});

await act("@azure/identity: certificate", async () => {
  const pem = { certificate: privateKey + certificate };
  const credential = new ClientCertificateCredential(world.get("TENANT_ID"), world.get("CLIENT_ID"), pem, identity);
  await readsThePolicy((await credential.getToken(DEFAULT)).token);
});

await act("openid-client: private_key_jwt", async () => {
  const der = Buffer.from(privateKey.replaceAll(/-----.*-----|\s/gu, ""), "base64");
  const key = await webcrypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
  const proved = await openid.discovery(
    new URL(`${authority}/v2.0`), world.get("CLIENT_ID"), undefined, openid.PrivateKeyJwt(key),
  );
  await readsThePolicy((await openid.clientCredentialsGrant(proved, { scope: DEFAULT })).access_token);
});

let config;
let tokens;
await act("openid-client: discovery", async () => {
  config = await openid.discovery(
    new URL(`${authority}/v2.0`), world.get("CLIENT_ID"), undefined, openid.ClientSecretBasic(world.get("CLIENT_SECRET")),
  );
  assert.equal(config.serverMetadata().issuer, `${authority}/v2.0`);
});

await act("openid-client: client credentials", async () => {
  const answer = await openid.clientCredentialsGrant(config, { scope: DEFAULT });
  assert.equal(answer.token_type, "bearer");
});

await act("openid-client: authorization code with PKCE", async () => {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid profile email offline_access User.Read",
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  });
  const answer = await answered("GUEST", address.href);
  tokens = await openid.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState, expectedNonce });
  assert.equal(tokens.claims().oid, world.get("GUEST_ID"));
});

await act("openid-client: who signed in", async () => {
  const { sub } = tokens.claims();
  assert.equal((await openid.fetchUserInfo(config, tokens.access_token, sub)).sub, sub);
});

await act("openid-client: refresh", async () => {
  const fresh = await openid.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  assert.equal((await me(fresh.access_token)).id, world.get("GUEST_ID"));
});

await act("openid-client: device code", async () => {
  const publicly = await openid.discovery(new URL(`${authority}/v2.0`), world.get("PUBLIC_CLIENT_ID"), undefined, openid.None());
  const begun = await openid.initiateDeviceAuthorization(publicly, { scope: "openid User.Read" });
  const page = person("ADMIN", begun.verification_uri, "never:", begun.user_code);
  await isAdministrator((await openid.pollDeviceAuthorizationGrant(publicly, begun)).access_token);
  await page;
});
