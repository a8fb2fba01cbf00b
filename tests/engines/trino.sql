-- Which days there are
SELECT
  logs."event_date" AS partition_day,
  COUNT(*) AS row_count
FROM logs.gateway_calls AS logs
GROUP BY
  logs."event_date";

-- Which rows cannot be counted
WITH calls AS (
  WITH given AS (
    SELECT
      logs."event_date" AS partition_day,
      CAST(logs."ts" AS TIMESTAMP(6) WITH TIME ZONE) AS called_at,
      NULLIF(TRIM(CAST(logs."key" AS VARCHAR)), '') AS api_key,
      NULLIF(TRIM(CAST(logs."account" AS VARCHAR)), '') AS partner_id,
      LOWER(NULLIF(TRIM(CAST(logs."env" AS VARCHAR)), '')) AS environment,
      CAST(logs."code" AS INTEGER) AS status,
      NULLIF(TRIM(CAST(logs."product" AS VARCHAR)), '') AS product,
      NULLIF(TRIM(CAST(logs."operation" AS VARCHAR)), '') AS operation,
      NULLIF(TRIM(CAST(logs."request id" AS VARCHAR)), '') AS request_id,
      COALESCE(CAST(logs."calls" AS BIGINT), 1) AS calls,
      COALESCE(CAST(logs."units" AS DECIMAL(38, 9)), CAST(logs."calls" AS DECIMAL(38, 9)), 1) AS units
    FROM logs.gateway_calls AS logs
    WHERE
      logs."event_date" BETWEEN CAST('2026-03-08' AS DATE) AND CAST('2026-03-09' AS DATE)
  )
  SELECT
    *,
    CAST(AT_TIMEZONE(called_at, 'America/New_York') AS DATE) AS day,
    CAST(TRUNCATE(CAST(status AS DOUBLE) / 100) AS BIGINT) AS status_class,
    CASE
      WHEN called_at IS NULL
      THEN 'called_at'
      WHEN environment IS NULL OR NOT environment IN ('production', 'sandbox')
      THEN 'environment'
      WHEN status IS NULL
      THEN 'status'
    END AS problem
  FROM given
)
SELECT
  partition_day,
  problem,
  COUNT(*) AS row_count,
  MIN(environment) AS least_environment
FROM calls
WHERE
  partition_day IN (CAST('2026-03-08' AS DATE), CAST('2026-03-09' AS DATE))
GROUP BY
  partition_day,
  problem;

-- Usage
WITH calls AS (
  WITH given AS (
    SELECT
      logs."event_date" AS partition_day,
      CAST(logs."ts" AS TIMESTAMP(6) WITH TIME ZONE) AS called_at,
      NULLIF(TRIM(CAST(logs."key" AS VARCHAR)), '') AS api_key,
      NULLIF(TRIM(CAST(logs."account" AS VARCHAR)), '') AS partner_id,
      LOWER(NULLIF(TRIM(CAST(logs."env" AS VARCHAR)), '')) AS environment,
      CAST(logs."code" AS INTEGER) AS status,
      NULLIF(TRIM(CAST(logs."product" AS VARCHAR)), '') AS product,
      NULLIF(TRIM(CAST(logs."operation" AS VARCHAR)), '') AS operation,
      NULLIF(TRIM(CAST(logs."request id" AS VARCHAR)), '') AS request_id,
      COALESCE(CAST(logs."calls" AS BIGINT), 1) AS calls,
      COALESCE(CAST(logs."units" AS DECIMAL(38, 9)), CAST(logs."calls" AS DECIMAL(38, 9)), 1) AS units
    FROM logs.gateway_calls AS logs
    WHERE
      logs."event_date" BETWEEN CAST('1970-01-01' AS DATE) AND CAST('2026-03-09' AS DATE)
  )
  SELECT
    *,
    CAST(AT_TIMEZONE(called_at, 'America/New_York') AS DATE) AS day,
    CAST(TRUNCATE(CAST(status AS DOUBLE) / 100) AS BIGINT) AS status_class,
    CASE
      WHEN called_at IS NULL
      THEN 'called_at'
      WHEN environment IS NULL OR NOT environment IN ('production', 'sandbox')
      THEN 'environment'
      WHEN status IS NULL
      THEN 'status'
    END AS problem
  FROM given
), wanted AS (
  SELECT
    *
  FROM calls
  WHERE
    partition_day IN (CAST('2026-03-08' AS DATE), CAST('2026-03-09' AS DATE))
    AND problem IS NULL
), first_deliveries AS (
  SELECT
    request_id,
    MIN(partition_day) AS first_day
  FROM calls
  WHERE
    problem IS NULL
    AND request_id IN (
      SELECT
        request_id
      FROM wanted
      WHERE
        NOT request_id IS NULL
    )
  GROUP BY
    request_id
), requests AS (
  SELECT
    wanted.*,
    first_deliveries.first_day < wanted.partition_day
    OR ROW_NUMBER() OVER (
      PARTITION BY wanted.partition_day, wanted.request_id
      ORDER BY wanted.called_at, wanted.status, wanted.api_key, wanted.partner_id, wanted.environment, wanted.product, wanted.operation, wanted.calls, wanted.units
    ) > 1 AS is_repeat
  FROM wanted
  INNER JOIN first_deliveries
    ON wanted.request_id = first_deliveries.request_id
  UNION ALL
  SELECT
    wanted.*,
    FALSE AS is_repeat
  FROM wanted
  WHERE
    wanted.request_id IS NULL
)
SELECT
  requests.partition_day,
  requests.day,
  requests.api_key,
  requests.partner_id,
  requests.environment,
  requests.product,
  requests.operation,
  requests.status_class,
  requests.is_repeat,
  SUM(requests.calls) AS calls,
  SUM(requests.units) AS units,
  COUNT(*) AS row_count
FROM requests
GROUP BY
  requests.partition_day,
  requests.day,
  requests.api_key,
  requests.partner_id,
  requests.environment,
  requests.product,
  requests.operation,
  requests.status_class,
  requests.is_repeat;
