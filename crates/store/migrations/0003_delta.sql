create table user_change_heads (
  tenant_id text not null primary key references tenants (tenant_id),
  place bigint not null
);

create table user_changes (
  tenant_id text not null references tenants (tenant_id),
  user_id text not null,
  place bigint not null,
  primary key (tenant_id, user_id)
);
create index user_changes_by_place on user_changes (tenant_id, place);
