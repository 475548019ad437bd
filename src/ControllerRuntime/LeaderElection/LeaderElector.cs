using Microsoft.Extensions.Logging;

namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>
/// client-go's leader election. Skew of clocks does not matter: a candidate measures with its own monotonic clock how long it has not seen the record
/// change. Not thread-safe: one run at a time.
/// </summary>
public sealed class LeaderElector
{
    internal const double JitterFactor = 1.2;

    private readonly LeaseLock leaseLock;
    private readonly LeaderElectionOptions options;
    private readonly TimeProvider timeProvider;
    private readonly Random random;
    private readonly ILogger logger;
    private LeaderElectionRecord? observed;
    private long observedAt;

    /// <summary>Throws <see cref="ArgumentException"/> with all errors of the options.</summary>
    public LeaderElector(LeaseLock leaseLock, LeaderElectionOptions options, TimeProvider timeProvider, Random random, ILogger logger)
    {
        if (options.Validate() is { Count: > 0 } errors)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(options));
        }

        (this.leaseLock, this.options, this.timeProvider, this.random, this.logger) = (leaseLock, options, timeProvider, random, logger);
    }

    /// <summary>By the record seen last.</summary>
    public bool IsLeader => observed?.HolderIdentity == options.Identity;

    /// <summary>Who leads by the record seen last; empty: nobody.</summary>
    public string Leader => observed?.HolderIdentity ?? "";

    /// <summary>
    /// Waits for the lease, then runs <paramref name="whileLeading"/> until the lease is lost (its token is cancelled) or it ends by itself. Gives the lease
    /// back if it is still held. The next leader may begin at once then, so nothing is given back before <paramref name="whileLeading"/> has ended.
    /// Throws <see cref="OperationCanceledException"/> when cancelled while waiting; otherwise returns.
    /// </summary>
    public async Task RunUntilLeadershipLostAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        try
        {
            await AcquireAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop just when the lease became ours.
            await ReleaseAsync().ConfigureAwait(false);
            throw;
        }

        LeaderElectionLog.Acquired(logger, leaseLock.Description, options.Identity);
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.Run(() => whileLeading(term.Token), CancellationToken.None);
        try
        {
            await RenewAsync(work, term.Token).ConfigureAwait(false);
        }
        finally
        {
            await term.CancelAsync().ConfigureAwait(false);
            try
            {
                await work.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (term.IsCancellationRequested)
            {
            }
            finally
            {
                await ReleaseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task AcquireAsync(CancellationToken cancellationToken)
    {
        LeaderElectionLog.Waiting(logger, leaseLock.Description, options.Identity);
        while (!await TryWithinDeadlineAsync(cancellationToken).ConfigureAwait(false))
        {
            var wait = options.RetryPeriod * (1 + (JitterFactor * random.NextDouble()));
            await Task.Delay(wait, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryWithinDeadlineAsync(CancellationToken cancellationToken)
    {
        // A hung request must not keep a candidate from ever asking again.
        using var deadline = new CancellationTokenSource(options.RenewDeadline, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var holds = await TryAcquireOrRenewAsync(linked.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return holds;
    }

    /// <summary>Renews until the deadline passes without a success, the work ends, or we are told to stop.</summary>
    private async Task RenewAsync(Task work, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!await PauseAsync(work, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            using var deadline = new CancellationTokenSource(options.RenewDeadline, timeProvider);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            while (!await TryAcquireOrRenewAsync(linked.Token).ConfigureAwait(false))
            {
                if (linked.IsCancellationRequested || !await PauseAsync(work, linked.Token).ConfigureAwait(false))
                {
                    if (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                    {
                        LeaderElectionLog.Lost(logger, leaseLock.Description, options.Identity);
                    }

                    return;
                }
            }
        }
    }

    /// <summary>False where there is nothing more to renew for.</summary>
    private async Task<bool> PauseAsync(Task work, CancellationToken cancellationToken)
    {
        var pause = Task.Delay(options.RetryPeriod, timeProvider, cancellationToken);
        await Task.WhenAny(pause, work).ConfigureAwait(false);
        return pause.IsCompletedSuccessfully && !work.IsCompleted;
    }

    private async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = Now();
            var wanted = new LeaderElectionRecord(options.Identity, (int)options.LeaseDuration.TotalSeconds, now, now, 0);

            // 1. The usual case of a leader: one write, no read.
            if (IsLeader && IsLeaseValid())
            {
                try
                {
                    await WriteAsync(wanted with { AcquireTime = observed!.AcquireTime, LeaderTransitions = observed.LeaderTransitions }, cancellationToken).ConfigureAwait(false);
                    return true;
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    LeaderElectionLog.RenewFailed(logger, leaseLock.Description, exception.Message);
                }
            }

            // 2. What does the lock say?
            if (await leaseLock.GetAsync(cancellationToken).ConfigureAwait(false) is not { } held)
            {
                await leaseLock.CreateAsync(wanted, cancellationToken).ConfigureAwait(false);
                Observe(wanted);
                return true;
            }

            // 3. Every change starts our clock anew; a holder whose record did not change for its duration is gone.
            if (held != observed)
            {
                Observe(held);
            }

            if (held.HolderIdentity.Length > 0 && IsLeaseValid() && !IsLeader)
            {
                return false;
            }

            // 4. Ours, or nobody's.
            await WriteAsync(
                IsLeader
                    ? wanted with { AcquireTime = held.AcquireTime, LeaderTransitions = held.LeaderTransitions }
                    : wanted with { LeaderTransitions = held.LeaderTransitions + 1 },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception)
        {
            LeaderElectionLog.TryFailed(logger, leaseLock.Description, exception.Message);
            return false;
        }
    }

    /// <summary>On the way out, so not with the token that asked for it; the deadline bounds it.</summary>
    private async Task ReleaseAsync()
    {
        if (!IsLeader || !IsLeaseValid())
        {
            return;
        }

        var now = Now();
        using var deadline = new CancellationTokenSource(options.RenewDeadline, timeProvider);
        try
        {
            await WriteAsync(new LeaderElectionRecord("", 1, now, now, observed!.LeaderTransitions), deadline.Token).ConfigureAwait(false);
            LeaderElectionLog.Released(logger, leaseLock.Description, options.Identity);
        }
        catch (Exception exception)
        {
            // The others wait for the lease to run out.
            LeaderElectionLog.ReleaseFailed(logger, leaseLock.Description, exception.Message);
        }
    }

    private async Task WriteAsync(LeaderElectionRecord record, CancellationToken cancellationToken)
    {
        await leaseLock.UpdateAsync(record, cancellationToken).ConfigureAwait(false);
        Observe(record);
    }

    /// <summary>To the microsecond, as the lease keeps it: what we wrote and what we read back must be equal.</summary>
    private DateTimeOffset Now()
    {
        var now = timeProvider.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    private void Observe(LeaderElectionRecord record)
    {
        observed = record;
        observedAt = timeProvider.GetTimestamp();
    }

    private bool IsLeaseValid() => observed is { } record && timeProvider.GetElapsedTime(observedAt) < TimeSpan.FromSeconds(record.LeaseDurationSeconds);
}
