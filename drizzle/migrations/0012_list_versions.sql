-- One page of a bucket with all versions: by key in byte order, the current version of a key first, then the newest first,
-- each common prefix at its place; all count together against `entries_max`. The page begins at key `first`, and when that
-- key has the version (`marker_is_null`: the null version, else `marker_id`), behind it: if that version is gone
-- by now, at the first of the key, so that whoever deletes what was listed misses nothing. The cost follows the page as in list_entries.
CREATE FUNCTION list_versions(bucket uuid, prefix text, delimiter text, first text, marker_id uuid, marker_is_null boolean, entries_max integer)
RETURNS TABLE (
  entry text, is_prefix boolean, version_id uuid, is_null boolean, is_latest boolean, is_delete_marker boolean, owner_id uuid, size bigint,
  etag text, last_modified timestamptz, checksum jsonb, storage_class text
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  lower_bound text COLLATE "C" := greatest(prefix COLLATE "C", first COLLATE "C");
  lower_order bigint := 0;
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
  IF marker_is_null THEN
    SELECT max(m.noncurrent_order) + 1 INTO lower_order FROM (
      (SELECT o.noncurrent_order FROM object_versions o WHERE o.bucket_id = bucket AND o.key = first AND o.noncurrent_order = 0 AND o.is_null)
      UNION ALL
      (SELECT o.noncurrent_order FROM object_versions o WHERE o.bucket_id = bucket AND o.key = first AND o.is_null AND o.noncurrent_order <> 0)) m;
  ELSIF marker_id IS NOT NULL THEN
    SELECT o.noncurrent_order + 1 INTO lower_order FROM object_versions o
    WHERE o.version_id = marker_id AND NOT o.is_null AND o.bucket_id = bucket AND o.key = first;
  END IF;
  lower_order := CASE WHEN lower_bound = first COLLATE "C" THEN coalesce(lower_order, 0) ELSE 0 END;
  WHILE left_over > 0 LOOP
    row_max := CASE WHEN is_probe THEN 1 ELSE greatest(left_over, scan_rows_max) END;
    IF delimiter = '' THEN
      row_max := left_over;
    END IF;
    row_count := 0;
    is_cut := false;
    FOR v IN
      SELECT o.key, o.noncurrent_order, o.version_id, o.is_null, o.is_delete_marker, o.owner_id, o.size, o.etag, o.last_modified, o.checksum,
        o.settings ->> 'storageClass' AS storage_class
      FROM object_versions o
      WHERE o.bucket_id = bucket AND (o.key, o.noncurrent_order) >= (lower_bound, lower_order) AND o.key < upper_bound
      ORDER BY o.key, o.noncurrent_order LIMIT row_max
    LOOP
      row_count := row_count + 1;
      cut := CASE WHEN delimiter = '' THEN 0 ELSE strpos(substr(v.key, tail_start), delimiter) END;
      IF cut > 0 THEN
        entry := left(v.key, tail_start + cut + char_length(delimiter) - 2);
        is_prefix := true; version_id := NULL; is_null := NULL; is_latest := NULL; is_delete_marker := NULL; owner_id := NULL; size := NULL;
        etag := NULL; last_modified := NULL; checksum := NULL; storage_class := NULL;
        is_cut := true;
      ELSE
        entry := v.key;
        is_prefix := false; version_id := v.version_id; is_null := v.is_null; is_latest := v.noncurrent_order = 0; is_delete_marker := v.is_delete_marker;
        owner_id := v.owner_id; size := v.size; etag := v.etag; last_modified := v.last_modified; checksum := v.checksum; storage_class := v.storage_class;
        lower_order := v.noncurrent_order + 1;
      END IF;
      left_over := left_over - 1;
      RETURN NEXT;
      EXIT WHEN is_cut OR left_over = 0;
    END LOOP;
    EXIT WHEN left_over = 0 OR row_count = 0 OR (NOT is_cut AND row_count < row_max);
    IF is_cut THEN
      lower_bound := prefix_end(entry);
      lower_order := 0;
      EXIT WHEN lower_bound IS NULL;
    ELSE
      lower_bound := entry;
    END IF;
    is_probe := is_cut;
  END LOOP;
END
$$;
