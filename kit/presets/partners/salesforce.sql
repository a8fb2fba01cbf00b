-- Salesforce's accounts: one row per partner; deleted accounts and those merged into others are left out.
-- Export: Data Loader or Setup > Data Export > Account, CSV with API names (not a report: those have labels).
-- Custom fields: Partner_ID__c, Sandbox_Date__c, First_Call_Date__c, Production_Date__c, Offboarded_Date__c,
-- Test_Account__c, Partner_Segment__c, Proposed_Plan__c; all may be missing. The account's id stands in for Partner_ID__c.
-- A merged account's calls and money go to the surviving one through `aliases`: its Id is the id, MasterRecordId the
-- partner.
--| required = ["Id", "Name", "CreatedDate"]
--| optional = ["IsDeleted", "MasterRecordId", "Partner_ID__c", "Sandbox_Date__c", "First_Call_Date__c", "Production_Date__c", "Offboarded_Date__c", "Test_Account__c", "Partner_Segment__c", "Proposed_Plan__c"]
select
    coalesce(nullif(trim("Partner_ID__c"), ''), "Id") as partner_id,
    "Name" as name,
    regexp_replace("CreatedDate", '([+-]\d\d)(\d\d)$', '\1:\2') as registered_at,
    "Sandbox_Date__c" as sandbox_at,
    "First_Call_Date__c" as first_call_at,
    "Production_Date__c" as production_at,
    "Offboarded_Date__c" as offboarded_at,
    "Test_Account__c" as is_test,
    "Partner_Segment__c" as segment,
    "Proposed_Plan__c" as plan,
    source,
    source_row
from raw
where lower(coalesce("IsDeleted", 'false')) not in ('true', '1')
    and coalesce("MasterRecordId", '') = ''
