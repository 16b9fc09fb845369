-- Health of an Aurora disaster recovery policy: is the database protected, and if not, why.
-- Conditions and phases: operator/api/v1alpha1/ of the operator. Not kstatus: there is no condition Stalled.

local hs = {}

local health_of_phase = {
  Pending = "Progressing",
  Protected = "Healthy",
  Degraded = "Degraded",
  Suspect = "Degraded",
  FailingOver = "Progressing",
  SwitchingOver = "Progressing",
  Unprotected = "Degraded",
  Suspended = "Suspended",
}

-- What is worth saying of a policy that is not protected, the gravest first.
local bad_states = {
  { type = "Ready", status = "False" },
  { type = "SplitBrainRisk", status = "True" },
  { type = "PrimaryHealthy", status = "False" },
  { type = "EndpointPublished", status = "False" },
  { type = "ReplicationHealthy", status = "False" },
  { type = "FailoverReady", status = "False" },
  { type = "ResourceDrift", status = "True" },
}

local function condition_of(type)
  for _, condition in ipairs(obj.status.conditions or {}) do
    if condition.type == type then
      return condition
    end
  end
end

local function text_of(condition)
  if condition.message ~= nil and condition.message ~= "" then
    return condition.type .. ": " .. condition.message
  end
  return condition.type .. ": " .. (condition.reason or condition.status)
end

local function worst_condition()
  for _, bad in ipairs(bad_states) do
    local condition = condition_of(bad.type)
    if condition ~= nil and condition.status == bad.status then
      return text_of(condition)
    end
  end
end

local function operation_text(operation)
  return operation.type .. " " .. operation.from .. " to " .. operation.to .. ": " .. operation.step
end

if obj.metadata.deletionTimestamp ~= nil then
  hs.status = "Progressing"
  hs.message = "Being deleted: waits for an operation in flight"
  return hs
end

if obj.status == nil or obj.status.phase == nil then
  hs.status = "Progressing"
  hs.message = "Waiting for the operator to observe the policy"
  return hs
end

if obj.metadata.generation ~= nil and obj.status.observedGeneration ~= obj.metadata.generation then
  hs.status = "Progressing"
  hs.message = "Waiting for the operator to read the changed policy"
  return hs
end

hs.status = health_of_phase[obj.status.phase] or "Unknown"
hs.message = "Phase " .. obj.status.phase

local ready = condition_of("Ready")
if hs.status == "Progressing" and obj.status.operation == nil and ready ~= nil and ready.status == "False" then
  hs.status = "Degraded"
end

if obj.status.operation ~= nil then
  hs.message = operation_text(obj.status.operation)
elseif hs.status == "Healthy" then
  hs.message = (obj.status.primaryRegion or "An unknown region") .. " writes"
elseif hs.status == "Degraded" then
  hs.message = worst_condition() or hs.message
end

return hs
