namespace Octavo.Gateway.Routing;

/// <summary>One InferenceService's Service with its ready endpoints.</summary>
/// <param name="Key">Namespace and name of the Service, joined by a slash.</param>
/// <param name="Model">The model's canonical name: the label of metrics and the root of aliases.</param>
/// <param name="Names">All names under which the Service offers the model, the canonical one first.</param>
/// <param name="CreatedAt">Creation of the Service; decides collisions.</param>
/// <param name="Endpoints">Ready endpoints in order, each once.</param>
internal sealed record ModelRoute(string Key, string Model, IReadOnlyList<string> Names, DateTimeOffset CreatedAt, IReadOnlyList<BackendEndpoint> Endpoints);
