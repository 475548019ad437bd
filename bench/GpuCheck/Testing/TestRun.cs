using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Octavo.GpuCheck.Testing;

/// <summary>
/// Runs an assembly's xunit tests in this process, one after another, so that a published program can do it where no SDK is. One device is tested: nothing runs side by side.
/// </summary>
internal static class TestRun
{
    /// <param name="filter">Of the tests' full names.</param>
    /// <param name="report">Is told each outcome as it comes.</param>
    public static IReadOnlyList<TestOutcome> Of(Assembly assembly, Func<string, bool> filter, Action<TestOutcome> report)
    {
        using var framework = new XunitTestFramework(new NullMessageSink());
        using var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        using var found = new Sink(_ => { });
        discoverer.Find(includeSourceInformation: false, found, new DictionaryOptions(("xunit.discovery.PreEnumerateTheories", true)));
        found.Wait();
        var cases = found.Cases.Where(test => filter($"{test.TestMethod.TestClass.Class.Name}.{test.TestMethod.Method.Name}")).ToList();
        if (cases.Count == 0)
        {
            return [];
        }

        using var run = new Sink(report);
        using var executor = framework.GetExecutor(assembly.GetName());
        executor.RunTests(cases, run, new DictionaryOptions(("xunit.execution.DisableParallelization", true), ("xunit.execution.MaxParallelThreads", 1)));
        run.Wait();
        return run.Outcomes;
    }

    /// <summary>Collects what the framework says, from whichever thread.</summary>
    private sealed class Sink(Action<TestOutcome> report) : Xunit.LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        private readonly ManualResetEventSlim done = new();
        private readonly Lock gate = new();

        public List<ITestCase> Cases { get; } = [];

        public List<TestOutcome> Outcomes { get; } = [];

        public void Wait() => done.Wait();

        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (gate)
            {
                switch (message)
                {
                    case ITestCaseDiscoveryMessage discovered:
                        Cases.Add(discovered.TestCase);
                        break;
                    case ITestPassed passed:
                        Add(new TestOutcome(passed.Test.DisplayName, "passed", (double)passed.ExecutionTime, null));
                        break;
                    case ITestFailed failed:
                        Add(new TestOutcome(failed.Test.DisplayName, "failed", (double)failed.ExecutionTime, string.Join('\n', failed.Messages.Concat(failed.StackTraces))));
                        break;
                    case ITestSkipped skipped:
                        Add(new TestOutcome(skipped.Test.DisplayName, "skipped", 0, skipped.Reason));
                        break;
                    case IFailureInformation failure and (IErrorMessage or ITestCleanupFailure or ITestClassCleanupFailure or ITestCollectionCleanupFailure or ITestAssemblyCleanupFailure):
                        Add(new TestOutcome(message.GetType().Name, "failed", 0, string.Join('\n', failure.Messages)));
                        break;
                    case IDiscoveryCompleteMessage or ITestAssemblyFinished:
                        done.Set();
                        break;
                }
            }

            return true;
        }

        public void Dispose() => done.Dispose();

        private void Add(TestOutcome outcome)
        {
            Outcomes.Add(outcome);
            report(outcome);
        }
    }
}
