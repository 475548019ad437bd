using Octavo.Operator.Configuration;

return await OperatorCommand.Create().Parse(args).InvokeAsync();
