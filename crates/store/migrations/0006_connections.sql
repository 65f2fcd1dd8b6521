create table connection_authorizations (
  tenant_id text not null,
  id text not null,
  app_id text not null,
  connection_id text not null,
  home_generation bigint,
  scope text not null,
  authenticated_at bigint not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  primary key (tenant_id, id),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id)
);
create index connection_authorizations_by_connection on connection_authorizations (tenant_id, connection_id);
