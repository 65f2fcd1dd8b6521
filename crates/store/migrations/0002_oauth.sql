create table authorizations (
  tenant_id text not null,
  id text not null,
  app_id text not null,
  user_id text not null,
  generation bigint not null,
  home_generation bigint,
  scope text not null,
  authenticated_at bigint not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index authorizations_by_user on authorizations (tenant_id, user_id);

create table authorization_codes (
  tenant_id text not null,
  hash text not null,
  authorization_id text not null,
  user_id text not null,
  redirect_uri text not null,
  challenge text,
  nonce text,
  expires_at bigint not null,
  used_at bigint,
  primary key (tenant_id, hash)
);
create index authorization_codes_by_user on authorization_codes (tenant_id, user_id);

create table refresh_tokens (
  tenant_id text not null,
  hash text not null,
  authorization_id text not null,
  user_id text not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint,
  primary key (tenant_id, hash)
);
create index refresh_tokens_by_user on refresh_tokens (tenant_id, user_id);
create index refresh_tokens_by_authorization on refresh_tokens (tenant_id, authorization_id);

create table app_consents (
  tenant_id text not null,
  app_id text not null,
  user_id text not null,
  permission text not null,
  granted_at bigint not null,
  primary key (tenant_id, app_id, user_id, permission),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index app_consents_by_user on app_consents (tenant_id, user_id);

create table device_codes (
  tenant_id text not null,
  hash text not null,
  user_code text not null,
  target_tenant text,
  app_id text not null,
  scope text not null,
  expires_at bigint not null,
  pause_seconds bigint not null,
  polled_at bigint,
  state text not null,
  approved_tenant text,
  approved_user text,
  authenticated_at bigint,
  primary key (tenant_id, hash)
);
create unique index device_codes_by_user_code on device_codes (tenant_id, user_code);

create table client_assertions (
  tenant_id text not null,
  app_id text not null,
  hash text not null,
  expires_at bigint not null,
  primary key (tenant_id, app_id, hash)
);

create table app_sign_in (
  tenant_id text not null,
  app_id text not null,
  any_loopback boolean not null,
  primary key (tenant_id, app_id)
);

create table token_settings (
  tenant_id text not null primary key references tenants (tenant_id),
  device_code boolean not null
);
