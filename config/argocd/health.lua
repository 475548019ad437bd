-- Health of an InferenceService for Argo CD, by the status that its operator writes.
local hs = {}
if obj.metadata.deletionTimestamp ~= nil then
  hs.status = "Progressing"
  hs.message = "being deleted"
  return hs
end
-- Before the operator's first look there is no condition; after a change of the spec the status is of the one before.
if obj.status == nil or obj.status.conditions == nil or (obj.status.observedGeneration ~= nil and obj.status.observedGeneration ~= obj.metadata.generation) then
  hs.status = "Progressing"
  hs.message = "waiting for the operator"
  return hs
end
local by = {}
for _, condition in ipairs(obj.status.conditions) do
  by[condition.type] = condition
end
local function say(status, condition)
  hs.status = status
  hs.message = condition.reason .. ": " .. condition.message
  return hs
end
if by.Stalled ~= nil and by.Stalled.status == "True" then
  return say("Degraded", by.Stalled)
end
if by.Reconciling ~= nil and by.Reconciling.status == "True" then
  return say("Progressing", by.Reconciling)
end
if by.Ready == nil then
  hs.status = "Progressing"
  hs.message = "waiting for the operator"
  return hs
end
if by.Ready.status ~= "True" then
  return say("Progressing", by.Ready)
end
if by.Ready.reason == "ScaledToZero" then
  return say("Suspended", by.Ready)
end
return say("Healthy", by.Ready)
