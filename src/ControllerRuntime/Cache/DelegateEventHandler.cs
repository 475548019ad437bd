namespace Octavo.ControllerRuntime.Cache;

internal sealed class DelegateEventHandler<T>(Action<T>? onAdd, Action<T, T>? onUpdate, Action<T>? onDelete) : IResourceEventHandler<T>
{
    public void OnAdd(T added) => onAdd?.Invoke(added);

    public void OnUpdate(T before, T after) => onUpdate?.Invoke(before, after);

    public void OnDelete(T last) => onDelete?.Invoke(last);
}
