create table app_certificates (
  tenant_id text not null,
  app_id text not null,
  id text not null,
  thumbprint text not null,
  certificate text not null,
  name text,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, app_id, id),
  foreign key (tenant_id, app_id) references apps (tenant_id, id)
);
create index app_certificates_by_thumbprint on app_certificates (tenant_id, app_id, thumbprint);

alter table app_secrets add column name text;
alter table app_secrets add column hint text;

alter table apps add column application_id text;
alter table apps add column has_principal boolean not null default true;
alter table apps add column deleted_at bigint;
alter table apps add column body text not null default '{}';
create unique index apps_by_application on apps (tenant_id, application_id);

alter table app_grants add column created_at bigint not null default 0;

alter table groups add column description text;
alter table groups add column mail_nickname text;
create index groups_by_name on groups (tenant_id, display_name, id);

create table settings (
  tenant_id text not null references tenants (tenant_id),
  name text not null,
  body text not null,
  version bigint not null,
  primary key (tenant_id, name)
);

create table partners (
  tenant_id text not null references tenants (tenant_id),
  partner_id text not null,
  body text not null,
  version bigint not null,
  primary key (tenant_id, partner_id)
);

create table sponsors (
  tenant_id text not null,
  user_id text not null,
  sponsor_id text not null,
  primary key (tenant_id, user_id, sponsor_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index sponsors_by_sponsor on sponsors (tenant_id, sponsor_id);

create table sign_ins (
  tenant_id text not null,
  user_id text not null,
  last_at bigint,
  last_request text,
  silent_at bigint,
  silent_request text,
  success_at bigint,
  success_request text,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table connections (
  tenant_id text not null references tenants (tenant_id),
  id text not null,
  home_key text not null,
  created_at bigint not null,
  last_at bigint not null,
  primary key (tenant_id, id)
);
create unique index connections_of_home on connections (tenant_id, home_key);
create index connections_by_home on connections (home_key);

create table connection_apps (
  tenant_id text not null,
  connection_id text not null,
  app_id text not null,
  created_at bigint not null,
  primary key (tenant_id, connection_id, app_id),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id)
);

