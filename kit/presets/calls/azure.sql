-- Azure API Management's gateway log, as Log Analytics, a storage account or an Event Hub gives it: one row per request.
-- Export: table ApiManagementGatewayLogs as CSV or JSON; or the files of the diagnostic setting, category GatewayLogs.
-- Switch on: "Subscription required" on every API that partners call, or no call has a key.
-- Key: the subscription's id, looked up in `keys`. The built-in all-access one is called master and is nobody's:
-- leave it out with `api_key = ["master"]` in [exclude].
-- Environment: the product, if it is called production or sandbox; else say `set = { environment = "production" }`.
--| utc = true
--| hint = "Azure API Management: require a subscription on every API that partners call, and name the environment of each service instance with set."
--| required = ["TimeGenerated", "ResponseCode"]
--| optional = ["CorrelationId", "Method", "ApiId", "OperationId", "ProductId", "ApimSubscriptionId"]
--| records = "records"
--| [aliases]
--| TimeGenerated = ["time", "TimeGenerated [UTC]"]
--| CorrelationId = ["correlationId", "properties.correlationId"]
--| Method = ["properties.method"]
--| ApiId = ["properties.apiId"]
--| OperationId = ["properties.operationId"]
--| ProductId = ["properties.productId"]
--| ApimSubscriptionId = ["properties.apimSubscriptionId"]
--| ResponseCode = ["properties.responseCode"]
select
    "TimeGenerated" as called_at,
    "ApimSubscriptionId" as api_key,
    if(lower("ProductId") in ('production', 'sandbox'), lower("ProductId"), null) as environment,
    "ResponseCode" as status,
    "ApiId" as product,
    coalesce(nullif("OperationId", ''), "Method") as operation,
    "CorrelationId" as request_id,
    source,
    source_row
from raw
