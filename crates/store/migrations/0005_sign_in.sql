alter table sessions add column started_at bigint;
alter table sessions add column agent text;
alter table sessions add column network text;
alter table sessions add column second_factor boolean;
alter table sessions add column admin_hash text;
alter table sessions add column admin_seen_at bigint;

create table mails (
  tenant_id text not null,
  id text not null,
  subject text not null,
  sealed text not null,
  attempts bigint not null,
  next_at bigint not null,
  expires_at bigint not null,
  created_at bigint not null,
  primary key (tenant_id, id)
);
create index mails_by_subject on mails (tenant_id, subject);
create index mails_due on mails (next_at, tenant_id, id);

create table sign_in_settings (
  tenant_id text not null primary key references tenants (tenant_id),
  second_factor_for_roles boolean not null,
  version bigint not null
);

create table second_factors (
  tenant_id text not null,
  user_id text not null,
  sealed text not null,
  last_step bigint not null,
  created_at bigint not null,
  confirmed_at bigint,
  version bigint not null,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table recovery_codes (
  tenant_id text not null,
  user_id text not null,
  hash text not null,
  primary key (tenant_id, user_id, hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table identity_providers (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  name text not null,
  issuer text not null,
  client_id text not null,
  sealed_secret text not null,
  trusts_email boolean not null,
  enabled boolean not null,
  created_at bigint not null,
  version bigint not null,
  primary key (tenant_id, id)
);
create unique index identity_providers_by_issuer on identity_providers (tenant_id, issuer);

create table identity_provider_domains (
  tenant_id text not null,
  domain text not null,
  provider_id text not null,
  verified_at bigint,
  primary key (tenant_id, domain),
  foreign key (tenant_id, provider_id) references identity_providers (tenant_id, id)
);
create index identity_provider_domains_by_domain on identity_provider_domains (domain);

create table federation_flows (
  tenant_id text not null,
  hash text not null,
  provider_id text not null,
  browser_hash text not null,
  sealed text not null,
  expires_at bigint not null,
  primary key (tenant_id, hash)
);

create table federated_people (
  tenant_id text not null,
  person_key text not null,
  provider_id text not null,
  name text not null,
  user_name text not null,
  address text,
  seen_at bigint not null,
  primary key (tenant_id, person_key)
);
