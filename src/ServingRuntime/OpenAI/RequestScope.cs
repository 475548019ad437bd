using System.Diagnostics;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Observability;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>What the server knows of an API request beside its body; one an HTTP request, from the first middleware on.</summary>
internal sealed class RequestScope(TenantSalt salts)
{
    private readonly List<RequestMetrics> timings = [];

    private const int WholeAnswerInterval = 16;

    /// <summary>Whose key it brought; null where no keys are configured.</summary>
    public string? Tenant { get; set; }

    /// <summary>When it must have been answered, in <see cref="TimeProvider.GetTimestamp"/> units; null: whenever.</summary>
    public long? Deadline { get; set; }

    /// <summary>Whether the client gets its answer at once at the end, so that tokens may gather on their way.</summary>
    public bool WholeAnswer { get; set; }

    /// <summary>The id that the client gave, or was given.</summary>
    public string? ClientRequestId { get; set; }

    /// <summary>The caller's span, by the header traceparent.</summary>
    public ActivityContext TraceParent { get; set; }

    /// <summary>Whether the answer carries its timings.</summary>
    public bool ReportsMetrics { get; set; }

    /// <summary>The timings of the answers that have ended; null where they are not to be reported.</summary>
    public AnswerMetrics? Metrics
    {
        get
        {
            lock (timings)
            {
                return ReportsMetrics ? AnswerMetrics.From(timings) : null;
            }
        }
    }

    /// <exception cref="InvalidOperationException">The middleware that makes it has not run: a bug.</exception>
    public static RequestScope Of(HttpContext context)
        => context.Features.Get<RequestScope>() ?? throw new InvalidOperationException("the request has no scope");

    /// <summary>Notes the timings that an answer's last output brings.</summary>
    public void Note(RequestOutput output)
    {
        if (ReportsMetrics && output.Metrics is { } metrics)
        {
            lock (timings)
            {
                timings.Add(metrics);
            }
        }
    }

    /// <summary>The generation as this caller may run it.</summary>
    public GenerationRequest Apply(GenerationRequest generation)
        => generation with
        {
            Tenant = Tenant,
            Deadline = Deadline,
            ClientRequestId = ClientRequestId,
            TraceParent = TraceParent,
            CacheSalt = salts.For(Tenant, generation.CacheSalt),
            // A stop string is to be found before the engine has gone on past it.
            StreamInterval = WholeAnswer && generation.StopStrings.Count == 0 ? WholeAnswerInterval : 1,
        };
}
