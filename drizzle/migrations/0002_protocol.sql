ALTER TABLE "buckets" ADD COLUMN "settings_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "object_versions" ADD COLUMN "lock" jsonb;--> statement-breakpoint
ALTER TABLE "object_versions" ADD COLUMN "settings" jsonb;--> statement-breakpoint
ALTER TABLE "uploads" ADD COLUMN "lock" jsonb;--> statement-breakpoint
ALTER TABLE "uploads" ADD COLUMN "settings" jsonb;