alter table authorizations add column by_device boolean not null default false;

alter table device_codes add column authorization_id text;
