using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.KubernetesClient.Models;

/// <summary>Base of the parts of API objects: fields that a type does not name are kept, so that a read, a change and a write lose nothing.</summary>
public abstract record KubernetesRecord
{
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? AdditionalProperties { get; init; }
}
