using Octavo.ServingContract;
using Octavo.ServingRuntime.Hosting;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>GET /v1/models and /v1/models/{id}.</summary>
internal sealed class ModelsEndpoint(ModelHost host)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ServingPaths.Models, context => context.Response.WriteJsonAsync(new ModelList(Cards()), OpenAIJson.Context.ModelList));
        routes.MapGet(ServingPaths.Models + "/{**id}", HandleOneAsync);
    }

    private Task HandleOneAsync(HttpContext context)
    {
        var id = context.Request.RouteValues["id"] as string ?? "";
        var card = Cards().FirstOrDefault(c => string.Equals(c.Id, id, StringComparison.Ordinal))
            ?? throw new ApiException(404, $"The model `{id}` does not exist.", "model", "model_not_found");
        return context.Response.WriteJsonAsync(card, OpenAIJson.Context.ModelCard);
    }

    private List<ModelCard> Cards()
    {
        var options = host.Options;
        IReadOnlyList<string> names = options.ServedModelNames.Count > 0 ? options.ServedModelNames : [options.ModelName];
        return [.. names.Select(name => new ModelCard(name, "model", host.StartedAt, "octavo", options.ModelName, null, host.Loaded?.Input.MaxModelLen, [new ModelPermission($"modelperm-{name}", host.StartedAt)]))];
    }
}

internal sealed record ModelList(IReadOnlyList<ModelCard> Data)
{
    public string Object => "list";
}

/// <param name="Id">The name to ask for.</param>
/// <param name="Object">model.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="OwnedBy">Who serves it.</param>
/// <param name="Root">The canonical name.</param>
/// <param name="Parent">Null: it is no adapter.</param>
/// <param name="MaxModelLen">Null while it loads.</param>
/// <param name="Permission">vLLM's list of one, which some clients read.</param>
internal sealed record ModelCard(
    string Id, string Object, long Created, string OwnedBy, string Root, string? Parent, int? MaxModelLen, IReadOnlyList<ModelPermission> Permission);

/// <summary>What anyone who may use the server may do with a model.</summary>
internal sealed record ModelPermission(string Id, long Created)
{
    public string Object => "model_permission";
    public bool AllowCreateEngine => false;
    public bool AllowSampling => true;
    public bool AllowLogprobs => true;
    public bool AllowSearchIndices => false;
    public bool AllowView => true;
    public bool AllowFineTuning => false;
    public string Organization => "*";
    public string? Group => null;
    public bool IsBlocking => false;
}

internal sealed record VersionResponse(string Version);
