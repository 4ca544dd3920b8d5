CREATE TABLE "iam_attached_policies" (
	"namespace_id" uuid NOT NULL,
	"storage_account_id" uuid,
	"group_id" uuid,
	"role_id" uuid,
	"policy_id" uuid,
	"builtin_name" text,
	CONSTRAINT "iam_attached_policies_once" UNIQUE NULLS NOT DISTINCT("storage_account_id","group_id","role_id","policy_id","builtin_name"),
	CONSTRAINT "iam_attached_policies_one_holder" CHECK (num_nonnulls("iam_attached_policies"."storage_account_id", "iam_attached_policies"."group_id", "iam_attached_policies"."role_id") = 1),
	CONSTRAINT "iam_attached_policies_one_policy" CHECK (num_nonnulls("iam_attached_policies"."policy_id", "iam_attached_policies"."builtin_name") = 1)
);
--> statement-breakpoint
CREATE TABLE "iam_epochs" (
	"namespace_id" uuid PRIMARY KEY NOT NULL,
	"epoch" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam_group_members" (
	"group_id" uuid NOT NULL,
	"storage_account_id" uuid NOT NULL,
	CONSTRAINT "iam_group_members_storage_account_id_group_id_pk" PRIMARY KEY("storage_account_id","group_id")
);
--> statement-breakpoint
CREATE TABLE "iam_groups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam_inline_policies" (
	"namespace_id" uuid NOT NULL,
	"object_user_id" uuid,
	"storage_account_id" uuid,
	"group_id" uuid,
	"role_id" uuid,
	"name" text NOT NULL,
	"document" text NOT NULL,
	CONSTRAINT "iam_inline_policies_name" UNIQUE NULLS NOT DISTINCT("storage_account_id","group_id","role_id","object_user_id","name"),
	CONSTRAINT "iam_inline_policies_one_holder" CHECK (num_nonnulls("iam_inline_policies"."object_user_id", "iam_inline_policies"."storage_account_id", "iam_inline_policies"."group_id", "iam_inline_policies"."role_id") = 1)
);
--> statement-breakpoint
CREATE TABLE "iam_managed_policies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"description" text,
	"tags" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"default_version" integer NOT NULL,
	"last_version" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "iam_managed_policy_versions" (
	"policy_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"document" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "iam_managed_policy_versions_policy_id_version_pk" PRIMARY KEY("policy_id","version")
);
--> statement-breakpoint
CREATE TABLE "iam_oidc_providers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"host" text NOT NULL,
	"url" text NOT NULL,
	"client_ids" text[] NOT NULL,
	"thumbprints" text[] NOT NULL,
	"tags" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "iam_oidc_providers_host" UNIQUE("namespace_id","host")
);
--> statement-breakpoint
CREATE TABLE "iam_roles" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"description" text,
	"trust_policy" text NOT NULL,
	"max_session_seconds" integer NOT NULL,
	"tags" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "storage_accounts" DROP CONSTRAINT "storage_accounts_name";--> statement-breakpoint
ALTER TABLE "storage_accounts" ADD COLUMN "path" text DEFAULT '/' NOT NULL;--> statement-breakpoint
ALTER TABLE "storage_accounts" ADD COLUMN "tags" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "namespaces" ADD COLUMN "account_id" text DEFAULT lpad(floor(random() * 1000000000000)::bigint::text, 12, '0') NOT NULL;--> statement-breakpoint
ALTER TABLE "iam_attached_policies" ADD CONSTRAINT "iam_attached_policies_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_attached_policies" ADD CONSTRAINT "iam_attached_policies_storage_account_id_storage_accounts_id_fk" FOREIGN KEY ("storage_account_id") REFERENCES "public"."storage_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_attached_policies" ADD CONSTRAINT "iam_attached_policies_group_id_iam_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."iam_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_attached_policies" ADD CONSTRAINT "iam_attached_policies_role_id_iam_roles_id_fk" FOREIGN KEY ("role_id") REFERENCES "public"."iam_roles"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_attached_policies" ADD CONSTRAINT "iam_attached_policies_policy_id_iam_managed_policies_id_fk" FOREIGN KEY ("policy_id") REFERENCES "public"."iam_managed_policies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_epochs" ADD CONSTRAINT "iam_epochs_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_group_members" ADD CONSTRAINT "iam_group_members_group_id_iam_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."iam_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_group_members" ADD CONSTRAINT "iam_group_members_storage_account_id_storage_accounts_id_fk" FOREIGN KEY ("storage_account_id") REFERENCES "public"."storage_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_groups" ADD CONSTRAINT "iam_groups_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_inline_policies" ADD CONSTRAINT "iam_inline_policies_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_inline_policies" ADD CONSTRAINT "iam_inline_policies_object_user_id_object_users_id_fk" FOREIGN KEY ("object_user_id") REFERENCES "public"."object_users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_inline_policies" ADD CONSTRAINT "iam_inline_policies_storage_account_id_storage_accounts_id_fk" FOREIGN KEY ("storage_account_id") REFERENCES "public"."storage_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_inline_policies" ADD CONSTRAINT "iam_inline_policies_group_id_iam_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."iam_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_inline_policies" ADD CONSTRAINT "iam_inline_policies_role_id_iam_roles_id_fk" FOREIGN KEY ("role_id") REFERENCES "public"."iam_roles"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_managed_policies" ADD CONSTRAINT "iam_managed_policies_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_managed_policy_versions" ADD CONSTRAINT "iam_managed_policy_versions_policy_id_iam_managed_policies_id_fk" FOREIGN KEY ("policy_id") REFERENCES "public"."iam_managed_policies"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_oidc_providers" ADD CONSTRAINT "iam_oidc_providers_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "iam_roles" ADD CONSTRAINT "iam_roles_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "iam_attached_policies_by_group" ON "iam_attached_policies" USING btree ("group_id");--> statement-breakpoint
CREATE INDEX "iam_attached_policies_by_role" ON "iam_attached_policies" USING btree ("role_id");--> statement-breakpoint
CREATE INDEX "iam_attached_policies_by_policy" ON "iam_attached_policies" USING btree ("policy_id");--> statement-breakpoint
CREATE INDEX "iam_group_members_by_group" ON "iam_group_members" USING btree ("group_id");--> statement-breakpoint
CREATE UNIQUE INDEX "iam_groups_name" ON "iam_groups" USING btree ("namespace_id",lower("name") COLLATE "C");--> statement-breakpoint
CREATE INDEX "iam_inline_policies_by_group" ON "iam_inline_policies" USING btree ("group_id");--> statement-breakpoint
CREATE INDEX "iam_inline_policies_by_role" ON "iam_inline_policies" USING btree ("role_id");--> statement-breakpoint
CREATE INDEX "iam_inline_policies_by_object_user" ON "iam_inline_policies" USING btree ("object_user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "iam_managed_policies_name" ON "iam_managed_policies" USING btree ("namespace_id",lower("name") COLLATE "C");--> statement-breakpoint
CREATE UNIQUE INDEX "iam_roles_name" ON "iam_roles" USING btree ("namespace_id",lower("name") COLLATE "C");--> statement-breakpoint
CREATE UNIQUE INDEX "storage_accounts_name" ON "storage_accounts" USING btree ("namespace_id",lower("name") COLLATE "C");--> statement-breakpoint
CREATE UNIQUE INDEX "namespaces_account_id" ON "namespaces" USING btree ("account_id") WHERE "namespaces"."account_id" <> '';