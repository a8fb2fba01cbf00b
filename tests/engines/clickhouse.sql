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
      CAST(logs."ts" AS Nullable(DateTime64(6, 'UTC'))) AS called_at,
      nullIf(TRIM(CAST(logs."key" AS Nullable(String))), '') AS api_key,
      nullIf(TRIM(CAST(logs."account" AS Nullable(String))), '') AS partner_id,
      LOWER(nullIf(TRIM(CAST(logs."env" AS Nullable(String))), '')) AS environment,
      CAST(logs."code" AS Nullable(Int32)) AS status,
      nullIf(TRIM(CAST(logs."product" AS Nullable(String))), '') AS product,
      nullIf(TRIM(CAST(logs."operation" AS Nullable(String))), '') AS operation,
      nullIf(TRIM(CAST(logs."request id" AS Nullable(String))), '') AS request_id,
      COALESCE(CAST(logs."calls" AS Nullable(Int64)), 1) AS calls,
      COALESCE(
        CAST(logs."units" AS Nullable(Decimal(38, 9))),
        CAST(logs."calls" AS Nullable(Decimal(38, 9))),
        1
      ) AS units
    FROM logs.gateway_calls AS logs
    WHERE
      logs."event_date" BETWEEN CAST('2026-03-08' AS Nullable(DATE)) AND CAST('2026-03-09' AS Nullable(DATE))
  )
  SELECT
    *,
    CAST(called_at AT TIME ZONE 'America/New_York' AS Nullable(DATE)) AS day,
    CAST(status / 100 AS Nullable(Int64)) AS status_class,
    CASE
      WHEN called_at IS NULL
      THEN 'called_at'
      WHEN environment IS NULL OR NOT (
        environment IN ('production', 'sandbox')
      )
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
  partition_day IN (CAST('2026-03-08' AS Nullable(DATE)), CAST('2026-03-09' AS Nullable(DATE)))
GROUP BY
  partition_day,
  problem;

-- Usage
WITH calls AS (
  WITH given AS (
    SELECT
      logs."event_date" AS partition_day,
      CAST(logs."ts" AS Nullable(DateTime64(6, 'UTC'))) AS called_at,
      nullIf(TRIM(CAST(logs."key" AS Nullable(String))), '') AS api_key,
      nullIf(TRIM(CAST(logs."account" AS Nullable(String))), '') AS partner_id,
      LOWER(nullIf(TRIM(CAST(logs."env" AS Nullable(String))), '')) AS environment,
      CAST(logs."code" AS Nullable(Int32)) AS status,
      nullIf(TRIM(CAST(logs."product" AS Nullable(String))), '') AS product,
      nullIf(TRIM(CAST(logs."operation" AS Nullable(String))), '') AS operation,
      nullIf(TRIM(CAST(logs."request id" AS Nullable(String))), '') AS request_id,
      COALESCE(CAST(logs."calls" AS Nullable(Int64)), 1) AS calls,
      COALESCE(
        CAST(logs."units" AS Nullable(Decimal(38, 9))),
        CAST(logs."calls" AS Nullable(Decimal(38, 9))),
        1
      ) AS units
    FROM logs.gateway_calls AS logs
    WHERE
      logs."event_date" BETWEEN CAST('1970-01-01' AS Nullable(DATE)) AND CAST('2026-03-09' AS Nullable(DATE))
  )
  SELECT
    *,
    CAST(called_at AT TIME ZONE 'America/New_York' AS Nullable(DATE)) AS day,
    CAST(status / 100 AS Nullable(Int64)) AS status_class,
    CASE
      WHEN called_at IS NULL
      THEN 'called_at'
      WHEN environment IS NULL OR NOT (
        environment IN ('production', 'sandbox')
      )
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
    partition_day IN (CAST('2026-03-08' AS Nullable(DATE)), CAST('2026-03-09' AS Nullable(DATE)))
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
        NOT (
          request_id IS NULL
        )
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
