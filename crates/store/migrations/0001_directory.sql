create table tenants (
  tenant_id text not null primary key,
  name text not null,
  domain text not null,
  privacy_contact text,
  privacy_url text,
  technical_contact text,
  created_at bigint not null,
  version bigint not null,
  administrators_version bigint not null
);

create table domains (
  domain text not null primary key,
  tenant_id text not null
);
create index domains_by_tenant on domains (tenant_id);

create table policies (
  tenant_id text not null primary key references tenants (tenant_id),
  allow_leave boolean not null,
  allow_removal boolean not null,
  version bigint not null
);

create table users (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  user_type text not null,
  upn text not null,
  upn_key text not null,
  display_name text not null,
  display_key text not null,
  given_name text,
  surname text,
  mail text,
  mail_key text,
  other_mails text not null,
  account_enabled boolean not null,
  home_key text,
  home_deleted_at bigint,
  invitation text,
  invitation_changed bigint,
  invited_by text,
  created_at bigint not null,
  deleted_at bigint,
  purge_after bigint,
  deletion_cause text,
  deletion_event text,
  home_event text,
  generation bigint not null,
  version bigint not null,
  tokens_since bigint not null,
  profile text not null,
  primary key (tenant_id, id)
);
create unique index users_by_upn on users (tenant_id, upn_key);
create unique index users_live_home on users (tenant_id, home_key) where deleted_at is null and home_key is not null;
create index users_by_home on users (home_key) where home_key is not null;
create index users_by_mail on users (tenant_id, mail_key);
create index users_by_name on users (tenant_id, display_key, id);
create index users_deleted on users (tenant_id, deleted_at, id) where deleted_at is not null;
create index users_due on users (purge_after, tenant_id, id) where purge_after is not null;
create index users_home_deleted on users (tenant_id, id) where home_deleted_at is not null;

create table passwords (
  tenant_id text not null,
  user_id text not null,
  hash text not null,
  changed_at bigint not null,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table role_assignments (
  tenant_id text not null,
  role_id text not null,
  user_id text not null,
  primary key (tenant_id, role_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index role_assignments_by_user on role_assignments (tenant_id, user_id);

create table groups (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  display_name text not null,
  created_at bigint not null,
  primary key (tenant_id, id)
);

create table group_members (
  tenant_id text not null,
  group_id text not null,
  user_id text not null,
  primary key (tenant_id, group_id, user_id),
  foreign key (tenant_id, group_id) references groups (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index group_members_by_user on group_members (tenant_id, user_id);

create table invitations (
  tenant_id text not null,
  id text not null,
  user_id text not null,
  generation bigint not null,
  handle_hash text not null,
  redirect_url text not null,
  created_at bigint not null,
  used_at bigint,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create unique index invitations_by_handle on invitations (tenant_id, handle_hash);
create index invitations_by_user on invitations (tenant_id, user_id);

create table sessions (
  tenant_id text not null,
  hash text not null,
  person_key text not null,
  authenticated_at bigint not null,
  seen_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, hash)
);
create index sessions_by_person on sessions (tenant_id, person_key);

create table passcodes (
  tenant_id text not null,
  address_key text not null,
  hash text not null,
  expires_at bigint not null,
  attempts bigint not null,
  primary key (tenant_id, address_key)
);

create table throttles (
  tenant_id text not null,
  key text not null,
  failures bigint not null,
  last_at bigint not null,
  primary key (tenant_id, key)
);

create table confirmations (
  tenant_id text not null,
  hash text not null,
  user_id text not null,
  generation bigint not null,
  policy_version bigint not null,
  session_hash text not null,
  expires_at bigint not null,
  used_at bigint,
  primary key (tenant_id, hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index confirmations_by_user on confirmations (tenant_id, user_id);

create table apps (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  object_id text not null,
  name text not null,
  public boolean not null,
  redirect_uris text not null,
  enabled boolean not null,
  created_at bigint not null,
  version bigint not null,
  primary key (tenant_id, id)
);
create unique index apps_by_object on apps (tenant_id, object_id);

create table app_secrets (
  tenant_id text not null,
  app_id text not null,
  id text not null,
  hash text not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, app_id, id),
  foreign key (tenant_id, app_id) references apps (tenant_id, id)
);

create table app_grants (
  tenant_id text not null,
  app_id text not null,
  kind text not null,
  permission text not null,
  primary key (tenant_id, app_id, kind, permission),
  foreign key (tenant_id, app_id) references apps (tenant_id, id)
);

create table signing_keys (
  tenant_id text not null references tenants (tenant_id),
  kid text not null,
  sealed text not null,
  created_at bigint not null,
  retired_at bigint,
  primary key (tenant_id, kid)
);

create table audit_heads (
  tenant_id text not null primary key references tenants (tenant_id),
  sequence bigint not null,
  hash text not null
);

create table audit (
  tenant_id text not null references tenants (tenant_id),
  sequence bigint not null,
  id text not null,
  at bigint not null,
  activity text not null,
  body text not null,
  hash text not null,
  primary key (tenant_id, sequence)
);
create unique index audit_by_id on audit (tenant_id, id);

create table audit_personal (
  tenant_id text not null,
  sequence bigint not null,
  subject_id text not null,
  salt text not null,
  fields text not null,
  primary key (tenant_id, sequence, subject_id),
  foreign key (tenant_id, sequence) references audit (tenant_id, sequence)
);
create index audit_personal_by_subject on audit_personal (tenant_id, subject_id);

create table outbox (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  kind text not null,
  body text not null,
  created_at bigint not null,
  primary key (tenant_id, id)
);
create index outbox_by_kind on outbox (kind, created_at, tenant_id, id);

create table tombstones (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  deleted_at bigint not null,
  purge_after bigint not null,
  purged_at bigint not null,
  cause text not null,
  by_hand boolean not null,
  erased text not null,
  primary key (tenant_id, id)
);

create table leases (
  name text not null primary key,
  holder text not null,
  until bigint not null
);

create table clock_marks (
  name text not null primary key,
  high_water bigint not null
);

create table setup_secrets (
  name text not null primary key,
  hash text not null,
  expires_at bigint not null
);
