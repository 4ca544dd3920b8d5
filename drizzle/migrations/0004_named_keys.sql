CREATE TABLE "named_key_versions" (
	"named_key_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"wrapped_key" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "named_key_versions_named_key_id_version_pk" PRIMARY KEY("named_key_id","version")
);
--> statement-breakpoint
CREATE TABLE "named_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"namespace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"delete_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "namespaces" ADD COLUMN "refuses_sigv2" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "named_key_versions" ADD CONSTRAINT "named_key_versions_named_key_id_named_keys_id_fk" FOREIGN KEY ("named_key_id") REFERENCES "public"."named_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "named_keys" ADD CONSTRAINT "named_keys_namespace_id_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "named_keys_name" ON "named_keys" USING btree ("namespace_id","name") WHERE state <> 'deleted';--> statement-breakpoint
CREATE INDEX "named_keys_to_delete" ON "named_keys" USING btree ("delete_at") WHERE state = 'pending-deletion';