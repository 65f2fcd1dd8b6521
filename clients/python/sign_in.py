"""People and apps that sign in through MSAL, azure-identity and Authlib."""

import base64
import datetime
import threading
import urllib.parse

import msal
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from azure.identity import AuthorizationCodeCredential, CertificateCredential, DeviceCodeCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import KeySet

from person import Person
from world import World, act, end

WORLD = World()
TENANT = f"{WORLD['AUTHORITY']}/{WORLD['TENANT_ID']}"
CALLBACK = "http://localhost:8400/callback"
DEFAULT = "https://graph.microsoft.com/.default"
ADMIN, GUEST = ("ADMIN", "GUEST")


def person(who, code=None):
    return Person(WORLD[f"{who}_USERNAME"], WORLD[f"{who}_PASSWORD"], code)


def sent(address):
    """The parameters of an answer to an app."""
    assert address.startswith(CALLBACK), address
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


def me(token):
    status, _, answer = WORLD.request("GET", "/v1.0/me", token)
    assert status == 200, answer
    return answer


def beside(work):
    """A person at work while the client waits."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def certified():
    """A private key, and a certificate of it by which Graph is told to know the app, both as PEM; the fingerprint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "automation")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=30))
    made = made.sign(key, hashes.SHA256())
    text = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    status, _, answer = WORLD.request(
        "PATCH", f"/v1.0/applications(appId='{WORLD['CLIENT_ID']}')", WORLD.token(),
        body={"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": text}]})
    assert status == 204, answer
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = made.public_bytes(serialization.Encoding.PEM)
    return private.decode(), public.decode(), made.fingerprint(hashes.SHA1()).hex()


def policy(token):
    status, _, answer = WORLD.request("GET", "/v1.0/policies/externalIdentitiesPolicy", token)
    assert status == 200, answer


def with_certificates():
    private, public, thumbprint = certified()
    with act("msal: certificate"):
        # The older form signs with RS256 and names the certificate by SHA-1, the newer one with PS256 and by SHA-256.
        for known in ({"thumbprint": thumbprint}, {"public_certificate": public}):
            app = msal.ConfidentialClientApplication(
                WORLD["CLIENT_ID"], {"private_key": private, **known}, authority=TENANT, instance_discovery=False)
            result = app.acquire_token_for_client([DEFAULT])
            assert "access_token" in result, result
            policy(result["access_token"])
    with act("azure-identity: certificate"):
        credential = CertificateCredential(
            WORLD["TENANT_ID"], WORLD["CLIENT_ID"], certificate_data=(private + public).encode(),
            authority=WORLD["AUTHORITY"], disable_instance_discovery=True,
        )
        policy(credential.get_token(DEFAULT).token)
    with act("authlib: private_key_jwt"):
        endpoint = f"{TENANT}/oauth2/v2.0/token"
        app = OAuth2Session(WORLD["CLIENT_ID"], private, scope=DEFAULT, token_endpoint_auth_method="private_key_jwt")
        app.register_client_auth_method(PrivateKeyJWT(endpoint))
        policy(app.fetch_token(endpoint, grant_type="client_credentials")["access_token"])
    with act("msal: a certificate that is not registered"):
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        app = msal.ConfidentialClientApplication(
            WORLD["CLIENT_ID"], {"private_key": stranger.decode(), "thumbprint": thumbprint}, authority=TENANT,
            instance_discovery=False)
        refused = app.acquire_token_for_client([DEFAULT])
        assert refused["error"] == "invalid_client" and 700027 in refused["error_codes"], refused


def with_msal():
    with act("msal: client credentials"):
        app = msal.ConfidentialClientApplication(
            WORLD["CLIENT_ID"], WORLD["CLIENT_SECRET"], authority=TENANT, instance_discovery=False)
        result = app.acquire_token_for_client([DEFAULT])
        assert "access_token" in result, result
        assert app.acquire_token_for_client([DEFAULT])["token_source"] == "cache"
    app = msal.PublicClientApplication(WORLD["PUBLIC_CLIENT_ID"], authority=TENANT, instance_discovery=False)
    with act("msal: authorization code with PKCE"):
        flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=CALLBACK)
        assert "code_challenge=" in flow["auth_uri"]
        result = app.acquire_token_by_auth_code_flow(flow, sent(person(ADMIN).open(flow["auth_uri"], CALLBACK)))
        assert "access_token" in result, result
        assert result["id_token_claims"]["tid"] == WORLD["TENANT_ID"], result
        assert me(result["access_token"])["userPrincipalName"] == WORLD["ADMIN_USERNAME"]
    with act("msal: silent refresh"):
        account = app.get_accounts()[0]
        assert account["username"] == WORLD["ADMIN_USERNAME"], account
        first = app.acquire_token_silent(["User.Read"], account)
        fresh = app.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)
        assert fresh and "access_token" in fresh, fresh
        assert first["token_source"] == "cache" and fresh["token_source"] == "identity_provider"
        # The refresh token was replaced, and the new one is good.
        assert "access_token" in app.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)
        assert me(fresh["access_token"])["userPrincipalName"] == WORLD["ADMIN_USERNAME"]
    with act("msal: device code"):
        app = msal.PublicClientApplication(WORLD["PUBLIC_CLIENT_ID"], authority=TENANT, instance_discovery=False)
        flow = app.initiate_device_flow(["User.Read"])
        assert "user_code" in flow, flow
        beside(lambda: person(ADMIN, flow["user_code"]).open(flow["verification_uri"], "never:"))
        result = app.acquire_token_by_device_flow(flow)
        assert "access_token" in result, result
        assert me(result["access_token"])["userPrincipalName"] == WORLD["ADMIN_USERNAME"]
    with act("msal: authorization code of a web app, by a guest"):
        app = msal.ConfidentialClientApplication(
            WORLD["CLIENT_ID"], WORLD["CLIENT_SECRET"], authority=TENANT, instance_discovery=False)
        flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=CALLBACK, response_mode="form_post")
        result = app.acquire_token_by_auth_code_flow(flow, sent(person(GUEST).open(flow["auth_uri"], CALLBACK)))
        assert result.get("id_token_claims", {}).get("oid") == WORLD["GUEST_ID"], result
        assert me(result["access_token"])["id"] == WORLD["GUEST_ID"]
    with act("msal: a code is good once"):
        again = app.acquire_token_by_authorization_code("never-given", ["User.Read"], redirect_uri=CALLBACK)
        assert again["error"] == "invalid_grant", again


def with_azure_identity():
    with act("azure-identity: authorization code"):
        query = urllib.parse.urlencode({
            "client_id": WORLD["CLIENT_ID"], "response_type": "code", "redirect_uri": CALLBACK,
            "scope": "openid offline_access https://graph.microsoft.com/User.Read",
        })
        answer = sent(person(ADMIN).open(f"{TENANT}/oauth2/v2.0/authorize?{query}", CALLBACK))
        credential = AuthorizationCodeCredential(
            WORLD["TENANT_ID"], WORLD["CLIENT_ID"], answer["code"], CALLBACK, client_secret=WORLD["CLIENT_SECRET"],
            authority=WORLD["AUTHORITY"], disable_instance_discovery=True,
        )
        token = credential.get_token("https://graph.microsoft.com/User.Read").token
        assert me(token)["userPrincipalName"] == WORLD["ADMIN_USERNAME"]
    with act("azure-identity: device code"):
        def show(address, code, _):
            beside(lambda: person(ADMIN, code).open(address, "never:"))

        credential = DeviceCodeCredential(
            WORLD["PUBLIC_CLIENT_ID"], tenant_id=WORLD["TENANT_ID"], authority=WORLD["AUTHORITY"],
            disable_instance_discovery=True, prompt_callback=show,
        )
        token = credential.get_token("https://graph.microsoft.com/User.Read").token
        assert me(token)["userPrincipalName"] == WORLD["ADMIN_USERNAME"]


def with_authlib():
    status, _, discovered = WORLD.request("GET", f"{TENANT}/v2.0/.well-known/openid-configuration")
    assert status == 200, discovered
    app = OAuth2Session(
        WORLD["CLIENT_ID"], WORLD["CLIENT_SECRET"], scope="openid profile email offline_access User.Read",
        redirect_uri=CALLBACK, code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic",
        token_endpoint=discovered["token_endpoint"],
    )
    token = None
    with act("authlib: authorization code with PKCE"):
        verifier = "a-verifier-of-forty-three-characters-or-more-0123456789"
        address, state = app.create_authorization_url(
            discovered["authorization_endpoint"], code_verifier=verifier, nonce="n-0S6_WzA2Mj")
        answer = person(GUEST).open(address, CALLBACK)
        token = app.fetch_token(authorization_response=answer, code_verifier=verifier, state=state)
        keys = KeySet.import_key_set(WORLD.request("GET", discovered["jwks_uri"])[2])
        claims = jwt.decode(token["id_token"], keys).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": discovered["issuer"]}, aud={"essential": True, "value": WORLD["CLIENT_ID"]},
            nonce={"essential": True, "value": "n-0S6_WzA2Mj"},
        ).validate(claims)
        assert claims["oid"] == WORLD["GUEST_ID"], claims
    with act("authlib: who signed in"):
        told = app.get(discovered["userinfo_endpoint"])
        assert told.status_code == 200, told.text
        assert told.json()["sub"] == claims["sub"], told.text
    with act("authlib: refresh"):
        fresh = app.refresh_token(discovered["token_endpoint"])
        assert fresh["refresh_token"] != token["refresh_token"]
        assert me(fresh["access_token"])["id"] == WORLD["GUEST_ID"]


with_certificates()
with_msal()
with_azure_identity()
with_authlib()
end()
