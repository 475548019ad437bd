using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Picking;

/// <summary>What the picker knows of an endpoint.</summary>
/// <param name="Endpoint">Where it listens.</param>
/// <param name="InFlight">Requests that this gateway has with it now.</param>
/// <param name="Ejected">True for a while after it refused a connection.</param>
internal readonly record struct EndpointLoad(BackendEndpoint Endpoint, int InFlight, bool Ejected);
