CREATE TABLE "event_deliveries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "event_deliveries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"namespace_id" uuid NOT NULL,
	"event_id" bigint NOT NULL,
	"target_arn" text NOT NULL,
	"event_name" text NOT NULL,
	"bucket_name" text NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"attempt" integer NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"duration_ms" integer NOT NULL,
	"status" integer,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"namespace_id" uuid NOT NULL,
	"bucket_id" uuid NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"target_arn" text NOT NULL,
	"event_name" text NOT NULL,
	"details" jsonb NOT NULL,
	"version_id" text,
	"size" bigint,
	"etag" text,
	"happened_at" timestamp (3) with time zone NOT NULL,
	"attempt_count" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"died_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"sealed_secret" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "webhooks_name" UNIQUE("namespace_id","name")
);
--> statement-breakpoint
CREATE TABLE "lifecycle_passes" (
	"bucket_id" uuid PRIMARY KEY NOT NULL,
	"rules_digest" text NOT NULL,
	"as_of" timestamp (3) with time zone NOT NULL,
	"key" text COLLATE "C" DEFAULT '' NOT NULL,
	"noncurrent_order" bigint DEFAULT 0 NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_deliveries_by_namespace" ON "event_deliveries" USING btree ("namespace_id","id");--> statement-breakpoint
CREATE INDEX "event_deliveries_by_time" ON "event_deliveries" USING btree ("at");--> statement-breakpoint
CREATE INDEX "events_due" ON "events" USING btree ("due_at") WHERE died_at is null;--> statement-breakpoint
CREATE INDEX "events_order" ON "events" USING btree ("bucket_id","key","id") WHERE died_at is null;--> statement-breakpoint
CREATE INDEX "events_dead" ON "events" USING btree ("namespace_id","id") WHERE died_at is not null;--> statement-breakpoint
CREATE INDEX "buckets_with_lifecycle" ON "buckets" USING btree ("id") WHERE settings ? 'lifecycle';