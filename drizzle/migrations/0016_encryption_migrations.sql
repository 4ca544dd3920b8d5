CREATE TABLE "encryption_migrations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"direction" text NOT NULL,
	"state" text NOT NULL,
	"encryption_epoch" integer NOT NULL,
	"rate_limit" bigint,
	"done_count" bigint DEFAULT 0 NOT NULL,
	"done_bytes" bigint DEFAULT 0 NOT NULL,
	"total_count" bigint,
	"total_bytes" bigint,
	"bytes_per_second" bigint,
	"position" jsonb,
	"started_by" text NOT NULL,
	"message" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "encryption_migrations" ADD CONSTRAINT "encryption_migrations_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "encryption_migrations_under_way" ON "encryption_migrations" USING btree ("namespace_id") WHERE state in ('running', 'paused', 'cleaning');--> statement-breakpoint
CREATE INDEX "encryption_migrations_by_namespace" ON "encryption_migrations" USING btree ("namespace_id","created_at");