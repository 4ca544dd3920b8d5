CREATE TABLE "side_keys" (
	"purpose" text PRIMARY KEY NOT NULL,
	"public_key" "bytea" NOT NULL,
	"sealed_seed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
