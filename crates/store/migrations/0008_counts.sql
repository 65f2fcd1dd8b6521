create index users_by_type on users (tenant_id, user_type, id) where deleted_at is null;

create table user_counts (
  tenant_id text not null references tenants (tenant_id),
  deleted boolean not null,
  user_type text not null,
  account_enabled boolean not null,
  invitation text not null,
  users bigint not null,
  primary key (tenant_id, deleted, user_type, account_enabled, invitation)
);

alter table user_change_heads add column counted bigint not null default -1;

-- only: sqlite
insert into user_counts (tenant_id, deleted, user_type, account_enabled, invitation, users)
  select tenant_id, deleted_at is not null, user_type, account_enabled, coalesce(invitation, ''), count(*)
  from users group by tenant_id, deleted_at is not null, user_type, account_enabled, coalesce(invitation, '');
-- only: sqlite
insert into user_change_heads (tenant_id, place, counted)
  select tenant_id, 0, 0 from tenants where true on conflict (tenant_id) do nothing;
-- only: sqlite
update user_change_heads set counted = place;
