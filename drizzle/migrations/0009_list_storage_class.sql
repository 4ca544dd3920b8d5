-- As before, and besides the storage class of each object; null is STANDARD.
DROP FUNCTION list_entries(uuid, text, text, text, integer, text);
--> statement-breakpoint
CREATE FUNCTION list_entries(bucket uuid, prefix text, delimiter text, first text, entries_max integer, kinds text)
RETURNS TABLE (
  entry text, is_prefix boolean, version_id uuid, owner_id uuid, size bigint, is_sealed boolean,
  etag text, last_modified timestamptz, content_type text, checksum jsonb, storage_class text
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  lower_bound text COLLATE "C" := greatest(prefix COLLATE "C", first COLLATE "C");
  upper_bound text COLLATE "C" := coalesce(prefix_end(prefix), repeat(chr(1114111), 257));
  tail_start integer := char_length(prefix) + 1;
  left_over integer := entries_max;
  is_probe boolean := false;
  scan_rows_max CONSTANT integer := 1000;
  row_max integer;
  row_count integer;
  cut integer;
  is_cut boolean;
  v record;
BEGIN
  IF delimiter = '' THEN
    RETURN QUERY
      SELECT o.key, false, o.version_id, o.owner_id, o.size, o.wrapped_data_key IS NOT NULL AND o.sealed_size = o.size, o.etag, o.last_modified, o.content_type, o.checksum,
        o.settings ->> 'storageClass'
      FROM object_versions o
      WHERE o.bucket_id = bucket AND o.key >= lower_bound AND o.key < upper_bound AND o.noncurrent_order = 0 AND NOT o.is_delete_marker
      ORDER BY o.key LIMIT entries_max;
    RETURN;
  END IF;
  WHILE left_over > 0 LOOP
    row_max := CASE WHEN is_probe THEN 1 ELSE greatest(left_over, scan_rows_max) END;
    row_count := 0;
    is_cut := false;
    FOR v IN
      SELECT o.key, o.version_id, o.owner_id, o.size, o.wrapped_data_key IS NOT NULL AND o.sealed_size = o.size AS is_sealed, o.etag, o.last_modified, o.content_type, o.checksum,
        o.settings ->> 'storageClass' AS storage_class
      FROM object_versions o
      WHERE o.bucket_id = bucket AND o.key >= lower_bound AND o.key < upper_bound AND o.noncurrent_order = 0 AND NOT o.is_delete_marker
      ORDER BY o.key LIMIT row_max
    LOOP
      row_count := row_count + 1;
      cut := strpos(substr(v.key, tail_start), delimiter);
      IF cut > 0 THEN
        entry := left(v.key, tail_start + cut + char_length(delimiter) - 2);
        is_prefix := true; version_id := NULL; owner_id := NULL; size := NULL; is_sealed := NULL;
        etag := NULL; last_modified := NULL; content_type := NULL; checksum := NULL; storage_class := NULL;
        is_cut := true;
      ELSE
        entry := v.key;
        is_prefix := false; version_id := v.version_id; owner_id := v.owner_id; size := v.size; is_sealed := v.is_sealed;
        etag := v.etag; last_modified := v.last_modified; content_type := v.content_type; checksum := v.checksum; storage_class := v.storage_class;
      END IF;
      IF kinds = 'all' OR is_prefix = (kinds = 'prefixes') THEN
        left_over := left_over - 1;
        RETURN NEXT;
      END IF;
      EXIT WHEN is_cut OR left_over = 0;
    END LOOP;
    EXIT WHEN left_over = 0 OR row_count = 0 OR (NOT is_cut AND row_count < row_max);
    lower_bound := CASE WHEN is_cut THEN prefix_end(entry) ELSE entry || chr(1) END;
    EXIT WHEN lower_bound IS NULL;
    is_probe := is_cut;
  END LOOP;
END
$$;
