CREATE TABLE "log_records" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "log_records_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"namespace_id" uuid NOT NULL,
	"bucket_id" uuid NOT NULL,
	"bucket_name" text COLLATE "C" NOT NULL,
	"bucket_owner_id" uuid NOT NULL,
	"region" text NOT NULL,
	"logging" jsonb NOT NULL,
	"day" date NOT NULL,
	"record_count" integer NOT NULL,
	"lines" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "log_records_by_bucket" ON "log_records" USING btree ("bucket_id","day","id");