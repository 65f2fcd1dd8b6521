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
