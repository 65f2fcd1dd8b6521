alter table passwords add column change_required boolean not null default false;
