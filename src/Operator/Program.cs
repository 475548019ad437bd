using System.CommandLine;
using Octavo.Operator.Configuration;

// The host handles SIGTERM itself: it finishes the reconcile in hand and gives the lease back, which may take longer than the command line library would wait.
return await OperatorCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
