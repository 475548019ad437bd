using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>What the server knows of an API request beside its body; one an HTTP request, from the first middleware on.</summary>
internal sealed class RequestScope(TenantSalt salts)
{
    private const int WholeAnswerInterval = 16;

    /// <summary>Whose key it brought; null where no keys are configured.</summary>
    public string? Tenant { get; set; }

    /// <summary>When it must have been answered, in <see cref="TimeProvider.GetTimestamp"/> units; null: whenever.</summary>
    public long? Deadline { get; set; }

    /// <summary>Whether the client gets its answer at once at the end, so that tokens may gather on their way.</summary>
    public bool WholeAnswer { get; set; }

    /// <exception cref="InvalidOperationException">The middleware that makes it has not run: a bug.</exception>
    public static RequestScope Of(HttpContext context)
        => context.Features.Get<RequestScope>() ?? throw new InvalidOperationException("the request has no scope");

    /// <summary>The generation as this caller may run it.</summary>
    public GenerationRequest Apply(GenerationRequest generation)
        => generation with
        {
            Tenant = Tenant,
            Deadline = Deadline,
            CacheSalt = salts.For(Tenant, generation.CacheSalt),
            // A stop string is to be found before the engine has gone on past it.
            StreamInterval = WholeAnswer && generation.StopStrings.Count == 0 ? WholeAnswerInterval : 1,
        };
}
