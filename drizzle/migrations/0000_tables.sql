CREATE TABLE "access_keys" (
	"access_key_id" text PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"object_user_id" uuid,
	"storage_account_id" uuid,
	"sealed_secret" "bytea" NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "access_keys_one_holder" CHECK (num_nonnulls("access_keys"."object_user_id", "access_keys"."storage_account_id") = 1)
);
--> statement-breakpoint
CREATE TABLE "object_users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"canonical_id" text NOT NULL,
	"display_name" text NOT NULL,
	"email" text,
	"is_root" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "object_users_canonical_id_unique" UNIQUE("canonical_id"),
	CONSTRAINT "object_users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "storage_accounts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "storage_accounts_name" UNIQUE("namespace_id","name")
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"namespace_id" uuid,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"result" text NOT NULL,
	"address" text,
	"request_id" text,
	"details" jsonb,
	"hash" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_heads" (
	"chain_id" uuid PRIMARY KEY NOT NULL,
	"hash" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bucket_usage" (
	"bucket_id" uuid PRIMARY KEY NOT NULL,
	"object_count" bigint DEFAULT 0 NOT NULL,
	"size_bytes" bigint DEFAULT 0 NOT NULL,
	"sealed_count" bigint DEFAULT 0 NOT NULL,
	"sealed_bytes" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "buckets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"region" text NOT NULL,
	"versioning" text DEFAULT 'unversioned' NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "buckets_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "usage_deltas" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "usage_deltas_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"bucket_id" uuid NOT NULL,
	"object_count" bigint NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sealed_count" bigint NOT NULL,
	"sealed_bytes" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"name" text PRIMARY KEY NOT NULL,
	"lease_id" uuid,
	"lease_until" timestamp (3) with time zone,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"error" text,
	"progress" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "activities" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"started_by" uuid,
	"input" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"done_count" bigint DEFAULT 0 NOT NULL,
	"total_count" bigint,
	"message" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"id" integer PRIMARY KEY NOT NULL,
	"cluster_id" uuid NOT NULL,
	"key_canary" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "namespace_keys" (
	"namespace_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"state" text NOT NULL,
	"wrapped_key" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "namespace_keys_namespace_id_version_pk" PRIMARY KEY("namespace_id","version")
);
--> statement-breakpoint
CREATE TABLE "namespaces" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"display_name" text NOT NULL,
	"encryption_mode" text NOT NULL,
	"encryption_epoch" integer DEFAULT 1 NOT NULL,
	"relaxed_bucket_names" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "namespaces_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "blobs" (
	"blob_id" uuid PRIMARY KEY NOT NULL,
	"locator" text NOT NULL,
	"size" bigint NOT NULL,
	"stored_size" bigint NOT NULL,
	"cipher" smallint NOT NULL,
	"namespace_id" uuid NOT NULL
);
--> statement-breakpoint
CREATE TABLE "garbage_blobs" (
	"blob_id" uuid PRIMARY KEY NOT NULL,
	"freed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "garbage_uploads" (
	"upload_id" uuid PRIMARY KEY NOT NULL,
	"freed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "object_versions" (
	"bucket_id" uuid NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"noncurrent_order" bigint NOT NULL,
	"version_id" uuid NOT NULL,
	"is_null" boolean NOT NULL,
	"is_delete_marker" boolean NOT NULL,
	"owner_id" uuid NOT NULL,
	"size" bigint NOT NULL,
	"sealed_size" bigint NOT NULL,
	"etag" text NOT NULL,
	"last_modified" timestamp (3) with time zone NOT NULL,
	"content_type" text NOT NULL,
	"system_headers" jsonb,
	"user_metadata" jsonb,
	"checksum" jsonb,
	"blob_id" uuid,
	"upload_id" uuid,
	"part_count" integer,
	"wrapped_data_key" "bytea",
	"namespace_key_version" integer,
	CONSTRAINT "object_versions_bucket_id_key_noncurrent_order_pk" PRIMARY KEY("bucket_id","key","noncurrent_order"),
	CONSTRAINT "object_versions_key_length" CHECK (octet_length(key) between 1 and 1024)
);
--> statement-breakpoint
CREATE TABLE "parts" (
	"upload_id" uuid NOT NULL,
	"part_number" integer NOT NULL,
	"blob_id" uuid NOT NULL,
	"size" bigint NOT NULL,
	"start_offset" bigint,
	"etag" text NOT NULL,
	"checksums" jsonb,
	"last_modified" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "parts_upload_id_part_number_pk" PRIMARY KEY("upload_id","part_number")
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"id" uuid PRIMARY KEY NOT NULL,
	"bucket_id" uuid NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"state" text NOT NULL,
	"initiator_id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	"content_type" text NOT NULL,
	"system_headers" jsonb,
	"user_metadata" jsonb,
	"checksum_algorithm" text,
	"checksum_type" text,
	"wrapped_data_key" "bytea",
	"namespace_key_version" integer,
	"completed_etag" text,
	"completed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"namespace_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"permissions" text[] NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "memberships_namespace_id_user_id_pk" PRIMARY KEY("namespace_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"address" text,
	"user_agent" text
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"username" text NOT NULL,
	"display_name" text NOT NULL,
	"email" text,
	"password_hash" text NOT NULL,
	"is_administrator" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	CONSTRAINT "users_username_unique" UNIQUE("username")
);
--> statement-breakpoint
ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_object_user_id_object_users_id_fk" FOREIGN KEY ("object_user_id") REFERENCES "public"."object_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_storage_account_id_storage_accounts_id_fk" FOREIGN KEY ("storage_account_id") REFERENCES "public"."storage_accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "object_users" ADD CONSTRAINT "object_users_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "storage_accounts" ADD CONSTRAINT "storage_accounts_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "buckets" ADD CONSTRAINT "buckets_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "buckets" ADD CONSTRAINT "buckets_owner_id_object_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."object_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "activities" ADD CONSTRAINT "activities_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "namespace_keys" ADD CONSTRAINT "namespace_keys_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_keys_by_namespace" ON "access_keys" USING btree ("namespace_id");--> statement-breakpoint
CREATE INDEX "audit_events_by_namespace" ON "audit_events" USING btree ("namespace_id","id");--> statement-breakpoint
CREATE INDEX "buckets_by_namespace" ON "buckets" USING btree ("namespace_id","name");--> statement-breakpoint
CREATE INDEX "usage_deltas_by_bucket" ON "usage_deltas" USING btree ("bucket_id");--> statement-breakpoint
CREATE INDEX "activities_by_namespace" ON "activities" USING btree ("namespace_id","created_at");--> statement-breakpoint
CREATE INDEX "garbage_blobs_by_time" ON "garbage_blobs" USING btree ("freed_at");--> statement-breakpoint
CREATE INDEX "object_versions_current" ON "object_versions" USING btree ("bucket_id","key") WHERE noncurrent_order = 0 and not is_delete_marker;--> statement-breakpoint
CREATE UNIQUE INDEX "object_versions_by_version_id" ON "object_versions" USING btree ("version_id") WHERE not is_null;--> statement-breakpoint
CREATE UNIQUE INDEX "object_versions_noncurrent_null" ON "object_versions" USING btree ("bucket_id","key") WHERE is_null and noncurrent_order <> 0;--> statement-breakpoint
CREATE INDEX "uploads_open" ON "uploads" USING btree ("bucket_id","key","id") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "uploads_by_age" ON "uploads" USING btree ("created_at") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "memberships_by_user" ON "memberships" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_by_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_by_expiry" ON "sessions" USING btree ("expires_at");