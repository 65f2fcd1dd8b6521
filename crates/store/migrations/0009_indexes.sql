drop index users_by_home;
create index users_by_home on users (home_key, tenant_id) where home_key is not null;

drop index users_by_mail;
create index users_by_mail on users (tenant_id, mail_key, id);

drop index role_assignments_by_user;
create index role_assignments_by_user on role_assignments (tenant_id, user_id, role_id);

drop index group_members_by_user;
create index group_members_by_user on group_members (tenant_id, user_id, group_id);

drop index app_consents_by_user;
create index app_consents_by_user on app_consents (tenant_id, user_id, app_id, permission);

drop index audit_personal_by_subject;
create index audit_personal_by_subject on audit_personal (tenant_id, subject_id, sequence);

create index apps_by_name on apps (tenant_id, name, id);

drop index users_home_deleted;
create index users_home_deleted on users (tenant_id, id) where home_deleted_at is not null and deleted_at is null;

create index federated_people_by_address on federated_people (tenant_id, address);
