CREATE INDEX "access_keys_by_object_user" ON "access_keys" USING btree ("object_user_id");--> statement-breakpoint
CREATE INDEX "access_keys_by_storage_account" ON "access_keys" USING btree ("storage_account_id");--> statement-breakpoint
CREATE INDEX "object_users_by_namespace" ON "object_users" USING btree ("namespace_id");--> statement-breakpoint
CREATE UNIQUE INDEX "object_users_one_root" ON "object_users" USING btree ("namespace_id") WHERE "object_users"."is_root";