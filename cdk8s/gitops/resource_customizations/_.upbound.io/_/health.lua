-- Health of Crossplane's managed databases. Argo CD's own check of this group calls a paused resource Degraded, because
-- Crossplane sets Synced to False then; after a failover the operator keeps databases paused, and nothing is wrong.

local hs = { status = "Progressing", message = "Waiting for Crossplane to observe it" }

local annotations = obj.metadata.annotations or {}

if obj.metadata.deletionTimestamp ~= nil then
  hs.message = "Being deleted"
  return hs
end

if annotations["crossplane.io/paused"] == "true" then
  hs.status = "Suspended"
  local policy = annotations["aurora-dr.io/paused-by"]
  if policy ~= nil then
    hs.message = "Paused by policy " .. policy .. " for a role change"
  else
    hs.message = "Paused by a person"
  end
  return hs
end

for _, condition in ipairs((obj.status or {}).conditions or {}) do
  local is_failure = condition.type == "Synced" or condition.type == "LastAsyncOperation"
  if is_failure and condition.status == "False" and condition.reason ~= "ReconcilePaused" then
    hs.status = "Degraded"
    hs.message = condition.message or condition.reason
    return hs
  end
  if condition.type == "Ready" and condition.status == "True" then
    hs.status = "Healthy"
    hs.message = "Available"
  end
end

return hs
