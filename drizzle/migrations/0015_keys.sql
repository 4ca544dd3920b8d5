CREATE TABLE "key_rewraps" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"state" text NOT NULL,
	"started_by" text NOT NULL,
	"done_count" bigint DEFAULT 0 NOT NULL,
	"total_count" bigint NOT NULL,
	"message" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "namespace_shreds" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"state" text NOT NULL,
	"scheduled_by" text NOT NULL,
	"scheduled_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"destroyed_at" timestamp (3) with time zone,
	"message" text,
	"record" jsonb
);
--> statement-breakpoint
CREATE TABLE "root_keys" (
	"id" uuid NOT NULL,
	"version" bigint NOT NULL,
	"active_since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"replaced_at" timestamp (3) with time zone,
	"rewrapped_at" timestamp (3) with time zone,
	"retired_at" timestamp (3) with time zone,
	CONSTRAINT "root_keys_id_version_pk" PRIMARY KEY("id","version")
);
--> statement-breakpoint
ALTER TABLE "namespace_keys" ALTER COLUMN "wrapped_key" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "namespace_keys" ADD COLUMN "token_id" uuid;--> statement-breakpoint
ALTER TABLE "namespace_keys" ADD COLUMN "retired_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "namespaces" ADD COLUMN "key_epoch" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "namespaces" ADD COLUMN "retired_key_versions" integer[] DEFAULT '{}'::integer[] NOT NULL;--> statement-breakpoint
ALTER TABLE "namespaces" ADD COLUMN "shred_state" text;--> statement-breakpoint
ALTER TABLE "key_rewraps" ADD CONSTRAINT "key_rewraps_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "namespace_shreds" ADD CONSTRAINT "namespace_shreds_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "key_rewraps_by_namespace" ON "key_rewraps" USING btree ("namespace_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "key_rewraps_one_running" ON "key_rewraps" USING btree ("namespace_id") WHERE state = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX "namespace_shreds_one" ON "namespace_shreds" USING btree ("namespace_id") WHERE state <> 'cancelled';--> statement-breakpoint
CREATE INDEX "namespace_shreds_due" ON "namespace_shreds" USING btree ("due_at") WHERE state in ('scheduled', 'destroying');--> statement-breakpoint
CREATE UNIQUE INDEX "root_keys_one_active" ON "root_keys" USING btree ((true)) WHERE replaced_at is null;--> statement-breakpoint
CREATE INDEX "object_versions_locked" ON "object_versions" USING btree ("bucket_id") WHERE lock is not null;